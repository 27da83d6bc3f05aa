/** The parts of a running receiver, for the commands that compose them. */
export {
  createAccept,
  createReplayGuard,
  createStarter,
  createStartSlots,
  type Accepted,
  type OnEndedFromOutside,
  type Started,
} from './accept';
export { boundByOpenFiles } from './open-files';
export { createReadiness, namespaceRetentionGaps } from './readiness';
export { createRefusalCounts, refusals, type RefusalAnswer, type RefusalCounts, type Rule } from './refusals';
export { createReceiver, MAX_CONNECTIONS, type Observer } from './server';
export {
  createDrain,
  openSpool,
  reportSpool,
  type Drain,
  type Spool,
  type SpoolReport,
  type SpoolStatus,
} from './spool';
