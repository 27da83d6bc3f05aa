export { createOpsServer, type OpsServer, type OpsServerOptions } from './api';
export { auditCsv, auditRow, type AuditRow } from './views';
export { createChanges, watchLedger, watchTemporal, type Changes } from './changes';
export { createHealthOperation } from './health';
export { createPage } from './page/page';
export { createReceivers, createViewOperations } from './views';
export { createAskedByViews, createWorkflowOperations } from './workflows';
