export { createOpsServer, type OpsServerOptions } from './api';
export { createChanges, watchLedger, watchTemporal, type Changes } from './changes';
export { createHealthOperation, receiversCheck } from './health';
export { createPage } from './page/page';
export { auditCsv, auditRow, createReceivers, createViewOperations, type AuditRow } from './views';
export { createAskedByViews, createWorkflowOperations } from './workflows';
