import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import { TimeoutFailure } from '@temporalio/workflow';
import { whyFailed } from '../../workflows/process/failures';

const failed = (type: string | undefined, message = 'cannot read "Rita Rep"') =>
  ApplicationFailure.create({ message, ...(type !== undefined && { type }) });
const ofActivity = (cause: Error) =>
  new ActivityFailure('Activity task failed', 'joinGroup', '1', RetryState.NON_RETRYABLE_FAILURE, 'w', cause);

test.each([
  ['the refusal of a system', failed('identity.rejected', 'identity answered 403'), 'identity answered 403'],
  ['a ledger that is away', failed('ledger.unavailable', 'ledger did not answer'), 'ledger did not answer'],
  ['a body that cannot be read', failed('quarantine.unreadable', '`userId` is missing'), '`userId` is missing'],
  ['a wrapped TypeError', failed('TypeError'), 'failed: TypeError'],
  ['a type that only looks like ours', failed('pg.rejected'), 'failed: pg.rejected'],
  ['a failure without a type', failed(undefined), 'failed: unknown'],
  [
    'a time-out',
    new TimeoutFailure('activity timed out', undefined, 'START_TO_CLOSE'),
    'gave no result within its time',
  ],
  ['any other error', new Error('cannot read "Rita Rep"'), 'failed'],
])('of %s says no more than it may', (_, cause, why) => {
  expect(whyFailed(ofActivity(cause))).toBe(why);
  expect(whyFailed(cause)).toBe(why);
});
