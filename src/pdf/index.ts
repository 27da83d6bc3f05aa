export { createTypesetter, writeCentred, type Typesetter } from './text';
