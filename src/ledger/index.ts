export {
  addAlertCase,
  claimAlert,
  dropAlertCase,
  dueDigests,
  markDigested,
  releaseAlert,
  type AlertCase,
  type AlertClaim,
  type AlertDigest,
  type AlertStanding,
} from './alerts';
export {
  beginEffect,
  confirmEffect,
  effectsOf,
  effectsOfStep,
  finishEffect,
  type NewEffect,
  undoEffects,
  type StoredEffect,
} from './effects';
export { bestCompletion } from './facts';
export { importPeople, type Imported, type ImportRules, type Person } from './import';
export { readKnown, type KnownOfLearner, type KnownQuestions } from './known';
export { inspectLedger, type LedgerState } from './inspect';
export { lastResult } from './last-result';
export {
  findLearner,
  findUnfit,
  isOfAnotherLearner,
  reinstateLearner,
  setLearnerEmail,
  sharersOf,
  type Learner,
} from './learners';
export { createLedgerListener, readTableCounts } from './listen';
export { noteModes, readModes } from './modes';
export { migrate } from './migrations';
export {
  closeGone,
  closeWorkflow,
  confirmDeparture,
  countOpen,
  endCase,
  type Ending,
  markSeen,
  otherCases,
  staleWorkflows,
} from './open-workflows';
export { finalStateOf, findCaseOfEvent, findCases, findLearners, type KnownCase, userIdsOfTeam } from './people';
export { readPerson } from './person-record';
export { explainLedger, prepareLedger } from './prepare';
export { isUnavailable, openPool, storable } from './pool';
export { countDueProgress, dueProgress, markProgress, type DueProgress, type SyncOutcome } from './progress-sync';
export { pruneLedger, type Pruned } from './pruning';
export { settleConflict, type Conflict, type ConflictStanding } from './receipts';
export { admitLeaver, admittedLately, recordEvent, type Receipt, type Recorded } from './record';
export { addRefusals, type RefusalRow } from './refusals';
export { changedTogether, programGroupsOf, releaseShare, type Share } from './shares';
export {
  addNote,
  countLeavers,
  countObserved,
  countUnreadDepartures,
  deliveryMinutes,
  effectsOfAll,
  findMatching,
  forgetPerson,
  hasWorkflow,
  listChanges,
  listLearnerIds,
  listLeavers,
  listProgress,
  listStandings,
  notesOf,
  readLearnerRecord,
  recentDeliveries,
  summariseModules,
  summariseRefusals,
  type ChangeRow,
  type FinalState,
  type Forgotten,
  type LearnerRecord,
  type LeaverQuery,
  type LeaverRow,
  type Standing,
  type StandingsQuery,
  type StoredNote,
} from './views';
export {
  changeIncidents,
  dueWebhookNotices,
  firstDeliveryAfter,
  markWebhookNotified,
  observeWebhook,
  openIncidents,
  REACTIVATE_STEP,
  readWebhook,
  readWebhookFacts,
  storeWebhook,
  webhookWorkflowId,
  type WebhookNotice,
} from './webhooks';
