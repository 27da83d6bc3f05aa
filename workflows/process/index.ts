/** What workflows are made of. The only file of this folder that they import. */
export {
  archive,
  askLedger,
  reconcileOpenWorkflows,
  identity,
  pruneLedger,
  readPolicySnapshot,
  rereadEnvelope,
} from './activity-proxies';
export { salesforce, slack, syncProgressRecords as syncProgressRecords } from './activity-proxies';
export { whyFailed } from './failures';
export type { BackgroundTask } from './background';
export { bodyArgument, bodyLength, MAX_BODY_BYTES } from './body';
export type { Recipient } from './channels';
export * from './common-steps';
export { sendDigests } from './digests';
export { begunAt, ownRun, quarantineConflict, recordEvent, resolveConflict, signalSettled } from './event-intake';
export type { ConflictResolution } from './event-intake';
export type { Carried } from './internals';
export type { ProcessResult, Start } from './lifecycle';
export { openProcess, type Process } from './process';
export { refusal } from './refusal';
export { NeedsDecision } from './steps';
export { watchOurWebhook, type WebhookResult } from './webhook';
export { createSharedAccount } from './shared-account';
export { sideBySide } from './side-by-side';
