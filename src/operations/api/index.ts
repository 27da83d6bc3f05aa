export { createOpsServer, type Deployment, type OpsServer, type OpsServerOptions } from './ops-server';
