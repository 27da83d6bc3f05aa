import { condition } from '@temporalio/workflow';
import { epochMs, type News, type Policy } from '../../src/domain';
import type { Process } from '../process/process';
import { NeedsDecision } from '../process/steps';

type Hire = Omit<News & { signal: 'rehired' }, 'signal'>;

/** The hires heard of; and whether they are dealt with. */
export interface KeptHires {
  readonly heard: readonly Hire[];
  readonly isWatched: boolean;
}

/** What is done about a learner who is hired again while their offboarding runs. */
export interface Rehire {
  /** Begin to deal with hires: with one that came first, with those heard of since, and with those to come. */
  readonly watch: (policy: Policy, first: News | null) => void;
  /** Settles when nobody has to be asked: no step of the offboarding begins before. */
  readonly answered: () => Promise<void>;
  readonly kept: () => KeptHires;
}

/**
 * Signal `rehired`. By policy a hire that is proven to be the newer one undoes the offboarding at once; any other parks
 * as the step `rehired?`. Going on is told to `uphold`: the learner left after that hire.
 */
export function createRehire(
  process: Process,
  uphold: (hire: Hire) => Promise<void>,
  kept: KeptHires = { heard: [], isWatched: false },
): Rehire {
  const heard = new Map(kept.heard.map((hire) => [hire.eventId, hire]));
  /** In a run before. */
  const dealtWith = new Set(kept.isWatched ? heard.keys() : []);
  const held: { deal?: (hire: Hire) => void } = {};
  let asking = 0;

  function hear(hire: Hire): void {
    const isKnown = heard.get(hire.eventId)?.isProven;
    if (isKnown === true || isKnown === hire.isProven) return;
    heard.set(hire.eventId, hire);
    dealtWith.delete(hire.eventId);
    const what = hire.isProven ? 'hired again' : 'hired again, or an old event';
    process.note({ what, by: `event ${hire.eventId}`, reason: null });
    if (process.recorder.snapshot().phase !== 'undoing') held.deal?.(hire);
  }

  process.onSignal(
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
    for (const hire of heard.values()) if (!dealtWith.has(hire.eventId)) held.deal(hire);
    if (first?.signal === 'rehired') hear(first);
  }

  return {
    watch,
    answered: () => condition(() => asking === 0),
    kept: () => ({ heard: [...heard.values()], isWatched: held.deal !== undefined }),
  };
}

/** Parked as a step that no retry can settle: only a person knows. */
function questionOf({ eventId, isProven }: Hire): string {
  const which = isProven ? 'rehired after the departure' : 'rehired, or an old event';
  return `${which}? Event ${eventId} provisioned this user: cancel gives everything back, skipStep goes on offboarding`;
}
