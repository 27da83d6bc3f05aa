import { progressedFact } from '../src/domain';
import type { EventDelivery, ModuleProgress } from '../src/events';
import { quarantineConflict, recordEvent, signalSettled, type ProcessResult } from './process';
import { beginRelease } from './releases';

/** Keep a learner's progress: one step of the ledger. A new hire's first progress starts the onboarding. */
export async function moduleProgress(delivery: EventDelivery<ModuleProgress>, body: unknown): Promise<ProcessResult> {
  beginRelease();
  const recorded = await recordEvent(delivery, progressedFact(delivery), { begins: true });
  if (recorded.outcome !== 'new') {
    await quarantineConflict(recorded, delivery, body);
    return { outcome: recorded.outcome, first: recorded.first };
  }
  await signalSettled(recorded.settles);
  return { outcome: 'done' };
}
