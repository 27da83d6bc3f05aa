export { searchAttributes } from '../domain';

/** The task queue of all workflows and of the ledger's activities. */
export const TASK_QUEUE = 'mindtickle';
