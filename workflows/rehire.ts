import { condition } from '@temporalio/workflow';
import type { News } from '../src/domain/correlation';
import type { Policy } from '../src/domain/policy';
import { epochMs } from '../src/domain/time';
import type { Process } from './process';
import { onSignal } from './signals';
import { NeedsDecision } from './steps';

type Hire = Omit<News & { signal: 'rehired' }, 'signal'>;

/** What is done about a learner who is hired again while their offboarding runs. */
export interface Rehire {
  /** Begin to deal with hires: with one that came first, with those heard of since, and with those to come. */
  readonly watch: (policy: Policy, first: News | null) => void;
  /** Settles when nobody has to be asked: no step of the offboarding begins before. */
  readonly answered: () => Promise<void>;
}

/**
 * Signal `rehired`. By policy a hire that is proven to be the newer one undoes the offboarding at once; any other parks
 * as the step `rehired?`. Going on is told to `uphold`: the learner left after that hire.
 */
export function createRehire(process: Process, uphold: (hire: Hire) => Promise<void>): Rehire {
  const heard = new Map<string, Hire>();
  const held: { deal?: (hire: Hire) => void } = {};
  let asking = 0;

  function hear(hire: Hire): void {
    const isKnown = heard.get(hire.eventId)?.isProven;
    if (isKnown === true || isKnown === hire.isProven) return;
    heard.set(hire.eventId, hire);
    const what = hire.isProven ? 'hired again' : 'hired again, or an old event';
    process.note({ what, by: `event ${hire.eventId}`, reason: null });
    if (process.recorder.snapshot().phase !== 'undoing') held.deal?.(hire);
  }

  onSignal(
    process.recorder,
    {
      name: 'rehired',
      description: 'The learner was provisioned again: { eventId, hiredAt?, order?: proven }',
      required: ['eventId'],
      optional: ['hiredAt', 'order'],
    },
    ({ eventId, hiredAt = '', order }) =>
      hear({ eventId, hiredAt: epochMs(hiredAt) || Date.now(), isProven: order === 'proven' }),
  );

  async function ask(hire: Hire): Promise<void> {
    await process.steps.attempt('rehired?', () => Promise.reject(new NeedsDecision(questionOf(hire))));
    await uphold(hire);
  }

  function watch({ offboarding: { rehire } }: Policy, first: News | null): void {
    held.deal = (hire) => {
      if (rehire === 'undo' && hire.isProven) {
        const { eventId } = hire;
        process.cancel({ reason: 'hired again', by: `event ${eventId}`, eventId });
        return;
      }
      asking += 1;
      process.aside(() => ask(hire).finally(() => (asking -= 1)));
    };
    for (const hire of heard.values()) held.deal(hire);
    if (first?.signal === 'rehired') hear(first);
  }

  return { watch, answered: () => condition(() => asking === 0) };
}

/** Parked as a step that no retry can settle: only a person knows. */
function questionOf({ eventId, isProven }: Hire): string {
  const which = isProven ? 'rehired after the departure' : 'rehired, or an old event';
  return `${which}? Event ${eventId} provisioned this user: cancel gives everything back, skipStep goes on offboarding`;
}
