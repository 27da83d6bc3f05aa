export { createOpsServer, type OpsServer, type OpsServerOptions } from './ops-server';
