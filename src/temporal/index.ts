export { createCodec } from './codec';
export {
  connectInBackground,
  connectNow,
  runtimeLogger,
  type BackgroundConnection,
  type Connected,
} from './connection';
export { createEndingOf, createIsRunning, type WorkflowEnding } from './is-running';
export { searchAttributes, TASK_QUEUE } from './names';
export {
  ensureNamespace,
  prepareNamespace,
  readRetention,
  RETENTION_DAYS,
  unfitAttributes,
  type Services,
} from './namespace';
export { ensureHousekeeping, readHousekeeping } from './schedule';
export { describeTaskQueue, type TaskQueueState } from './task-queue';
