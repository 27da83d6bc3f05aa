/** Whether everything that the processes need is right, and what to do about what is not: `mt doctor`, and Health. */
export { examine, fail, once, ok, unknown, warn, type Check, type Finding } from './check';
export { clockCheck, clockOfWeb, type OtherClock } from './clock';
export { askConnector, connectorChecks } from './connectors';
export { ledgerCheck } from './ledger';
export { receiverCheck, refusalCheck, webhookCheck } from './receiver';
export { examineSecrets } from './secrets';
export { examineNames, examineSettings } from './settings';
export { spoolCheck } from './spool';
export { taskQueueChecks } from './task-queues';
export { temporalChecks, type ConnectedTemporal } from './temporal';
