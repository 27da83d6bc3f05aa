export { createChanges, type Change, type Changes } from './changes';
export { watchLedger, type Watcher } from './ledger-watcher';
export { watchTemporal } from './temporal-watcher';
