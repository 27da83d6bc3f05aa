export { findTemporalCli } from './binaries';
export { startDevServer, type DevServerOptions } from './dev-server';
