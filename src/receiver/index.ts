export { createRereader, type Reread, type Rereader } from './verify/reread';
