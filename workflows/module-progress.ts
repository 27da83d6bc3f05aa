import { progressedFact } from '../src/domain';
import type { Delivery, Envelope, ModuleProgress } from '../src/events';
import { keepConflict } from './process/conflicts';
import type { ProcessResult } from './process/process';
import { record, tell } from './process/event-intake';

/** Keep a learner's progress: one step of the ledger. A new hire's first progress starts the onboarding. */
export async function moduleProgress(delivery: Delivery, envelope: Envelope<ModuleProgress>): Promise<ProcessResult> {
  const recorded = await record(delivery, progressedFact(envelope, delivery));
  if (recorded.outcome !== 'new') {
    await keepConflict(recorded, delivery, envelope);
    return { outcome: recorded.outcome, first: recorded.first };
  }
  await tell(recorded.settles);
  return { outcome: 'done' };
}
