import { condition } from '@temporalio/workflow';
import { epochMs, isPlausibleTime, type News, type Policy } from '../../src/domain';
import { NeedsDecision, type Process } from '../process';

type Hire = Omit<News & { signal: 'rehired' }, 'signal'>;

/** The hires that are known, and whether they are dealt with. */
export interface HiresSnapshot {
  readonly hires: readonly Hire[];
  readonly isWatched: boolean;
}

/** What is done about a learner who is hired again while their offboarding runs. */
export interface Rehire {
  /** Begin to deal with hires: with one that came first, with those known since, and with those to come. */
  readonly watch: (policy: Policy, first: News | null) => void;
  /** Settles when nobody has to be asked: no step of the offboarding begins before. */
  readonly answered: () => Promise<void>;
  readonly snapshot: () => HiresSnapshot;
}

/**
 * Signal `rehired`. By policy a hire that is proven to be the newer one undoes the offboarding at once; any other parks
 * as the step `rehireUnconfirmed`. When a person decides to go on, `confirmDeparture` is called: the learner left after that hire.
 */
export function createRehire(
  process: Process,
  confirmDeparture: (hire: Hire) => Promise<void>,
  before: HiresSnapshot = { hires: [], isWatched: false },
): Rehire {
  const hires = new Map(before.hires.map((hire) => [hire.eventId, hire]));
  /** In the run before. */
  const dealtWith = new Set(before.isWatched ? hires.keys() : []);
  let deal: ((hire: Hire) => void) | undefined;
  let asking = 0;

  function onRehire(hire: Hire): void {
    const isKnown = hires.get(hire.eventId)?.isProven;
    if (isKnown === true || isKnown === hire.isProven) return;
    hires.set(hire.eventId, hire);
    dealtWith.delete(hire.eventId);
    const what = hire.isProven ? 'hired again' : 'hired again, or an old event';
    process.note({ what, by: `event ${hire.eventId}`, reason: null });
    if (process.recorder.phase() !== 'undoing') deal?.(hire);
  }

  process.onSignal(
    {
      name: 'rehired',
      description: 'The learner was provisioned again: { eventId, hiredAt?, order?: proven }',
      required: ['eventId'],
      optional: ['hiredAt', 'order'],
    },
    ({ eventId, hiredAt = '', order }) =>
      onRehire({ eventId, hiredAt: readPast(hiredAt), isProven: order === 'proven' }),
  );

  async function ask(hire: Hire): Promise<void> {
    await process.steps.attempt(
      { step: 'rehireUnconfirmed', title: 'Confirm that the learner left after the rehire' },
      () => {
        throw new NeedsDecision(questionOf(hire), 'rehireUnconfirmed');
      },
    );
    await confirmDeparture(hire);
  }

  function watch({ offboarding: { rehire } }: Policy, first: News | null): void {
    deal = (hire) => {
      if (rehire === 'undo' && hire.isProven) {
        const { eventId } = hire;
        process.cancel({ reason: 'hired again', by: `event ${eventId}`, eventId });
        return;
      }
      asking += 1;
      process.inBackground(() => ask(hire).finally(() => (asking -= 1)));
    };
    for (const hire of hires.values()) if (!dealtWith.has(hire.eventId)) deal(hire);
    if (first?.signal === 'rehired') onRehire(first);
  }

  return {
    watch,
    answered: () => condition(() => asking === 0),
    snapshot: () => ({ hires: [...hires.values()], isWatched: deal !== undefined }),
  };
}

/** A hire without a time, or with one that cannot be meant, is as of now: the ledger would keep it. */
function readPast(text: string): number {
  const at = epochMs(text);
  return isPlausibleTime(at) ? Math.min(at, Date.now()) : Date.now();
}

/** Parked as a step that no retry can settle: only a person knows. */
function questionOf({ eventId, isProven }: Hire): string {
  const which = isProven ? 'rehired after the departure' : 'rehired, or an old event';
  return `${which}? Event ${eventId} provisioned this user: cancel gives everything back, skipStep goes on offboarding`;
}
