export { claimAlert, releaseAlert, type Alert } from './alerts';
export { settleConflict, type Conflict, type ConflictStanding } from './conflicts';
export { beginEffect, confirmEffect, effectsOf, effectsOfStep, finishEffect, type StoredEffect } from './effects';
export { importPeople, type Imported, type ImportRules, type Person } from './import';
export { migrate } from './migrations';
export { isUnavailable, openPool } from './pool';
export { countDueProgress, dueProgress, markProgress, type DueProgress, type SyncOutcome } from './progress-sync';
export { pruneLedger, type Pruned } from './pruning';
export {
  bestCompletion,
  countOpen,
  findLearner,
  readPerson,
  reinstateLearner,
  setLearnerEmail,
  type Learner,
} from './queries';
export { closeGone, markSeen, staleWorkflows } from './reconcile';
export { admitLeaver, closeWorkflow, markGone, recordEvent, type Receipt, type Recorded } from './record';
export { addRefusals, type RefusalRow } from './refusals';
export { confirmDeparture } from './settling';
export { changedTogether, releaseShare, type Share } from './sharing';
export { storable } from './storable';
