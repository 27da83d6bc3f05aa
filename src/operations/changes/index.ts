export { createChanges, type Change, type Changes } from './changes';
export { watchLedger } from './ledger-watcher';
export { watchTemporal } from './temporal-watcher';
