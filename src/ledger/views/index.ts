export { countObserved, listChanges, type ChangeRow } from './audit';
export { deliveryMinutes, recentDeliveries, summariseRefusals } from './deliveries';
export { effectsOfAll } from './effects';
export { forgetPerson, type Forgotten } from './forget';
export { readLearnerRecord, type LearnerRecord } from './learner';
export {
  countLeavers,
  countUnreadDepartures,
  listLeavers,
  type FinalState,
  type LeaverQuery,
  type LeaverRow,
} from './leavers';
export { addNote, hasWorkflow, notesOf, type StoredNote } from './notes';
export { listProgress, summariseModules } from './progress';
export { findMatching, listLearnerIds } from './search';
export { listStandings, type Standing, type StandingsQuery } from './standings';
