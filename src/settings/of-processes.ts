/** Which variables each process reads, and what a change of one means while it runs. */
import type { Logger } from '../telemetry';
import { OF_OPS } from './ops';
import { noticeChange } from './reload';
import type { Environment, VariableName } from './variables';

export const OF_RECEIVER = [
  'MINDTICKLE_WEBHOOK_SECRET',
  'MINDTICKLE_COMPANY_ID',
  'MINDTICKLE_CONFIG',
  'PORT',
  'TRUST_PROXY',
  'OPS_TOKENS',
  'DATA_DIR',
  'SPOOL',
  'SPOOL_MAX_BYTES',
  'START_CONCURRENCY',
  'START_TIMEOUT_MS',
  'REPLAY_LIMIT',
  'RECEIPT_DAYS',
  'ENCRYPTION_KEYS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'LOG_LEVEL',
] as const;
export const OF_WORKER = [
  'MINDTICKLE_COMPANY_ID',
  'MINDTICKLE_CONFIG',
  'MINDTICKLE_API_URL',
  'MINDTICKLE_WEBHOOK_ID',
  'RECEIPT_DAYS',
  'ENCRYPTION_KEYS',
  'AUDIT_DAYS',
  'TEMPORAL_UI_URL',
  'OPS_URL',
  'METRICS_ADDRESS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'LOG_LEVEL',
  'NODE_ENV',
  'MT_STACK',
] as const;

const OF: Readonly<Record<'receiver' | 'worker' | 'ops', readonly VariableName[]>> = {
  receiver: [...OF_RECEIVER, 'OPS_PORT'],
  worker: OF_WORKER,
  ops: OF_OPS,
};

/**
 * Settings of a process that are in use from the next start on: when a file of theirs changes, the log says so. All others are
 * in use at once. @returns what ends it.
 */
export function noticeChanges(process: keyof typeof OF, env: Environment, log: Logger): () => void {
  const names = OF[process];
  const ofStart = names.filter((name) => !['MINDTICKLE_WEBHOOK_SECRET', 'OPS_TOKENS'].includes(name));
  const watched = ofStart.map((name) => noticeChange(name, { env, log }));
  return () => watched.forEach((close) => close());
}
