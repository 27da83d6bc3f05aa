export { createChanges, type Change, type Changes } from './changes';
