export { createOpsServer, type OpsServer, type OpsServerOptions } from './api';
export { createChanges, type Changes } from './changes';
export type { Operation, Topic } from './operation';
export { auditCsv, auditRow, type AuditRow } from './views';
