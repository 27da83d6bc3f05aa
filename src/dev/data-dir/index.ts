export { adoptDataDir } from './adopt';
export { readDevJson, readDevLedger, readWhileLocked, type StackInfo } from './dev-json';
export { observingConfig, ownConfig, readSecrets } from './first-start';
export { dataDirAt, dataDirOf, logFileOf, makeFolders, writeWhole, type DataDir } from './paths';
export { killRecorded, openRegistry, type Registry } from './registry';
