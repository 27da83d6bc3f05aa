export { effectsOfAll } from './effects';
export {
  countLeavers,
  countUnreadDepartures,
  listLeavers,
  type FinalState,
  type LeaverQuery,
  type LeaverRow,
} from './leavers';
export { findMatching } from './search';
export { addNote, hasWorkflow, notesOf, type StoredNote } from './notes';
