import { asyncLocalStorage } from '@temporalio/activity';

/** Of the activity that runs. A check at the worker's start runs in none, and is not cancelled. */
export function cancellationSignal(): AbortSignal {
  return asyncLocalStorage.getStore()?.cancellationSignal ?? new AbortController().signal;
}
