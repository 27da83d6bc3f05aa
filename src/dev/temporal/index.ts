export { findTemporalCli } from './binaries';
export { startDevServer } from './dev-server';
