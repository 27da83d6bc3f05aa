import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { Fact, PolicySnapshot } from '../../src/domain';
import { keepConflict } from './conflicts';
import type { CancelRequest, Outcome } from '../messages';
import type { Parts, ProcessSpec } from './internals';
import { ownRun, record, tell, type Recorded } from './event-intake';
import { askLedger, readTerms } from './activity-proxies';
import type { Undo } from './undo';

export interface ProcessResult {
  readonly outcome: Outcome;
  /** The event that this one repeats: for `duplicate` and `replayed`. */
  readonly first?: string;
}

/** What a process's body starts with. */
export interface Body {
  readonly terms: PolicySnapshot;
  readonly recorded: Recorded & { readonly outcome: 'new' };
}

export interface RunOptions {
  /** Before anything is undone. */
  readonly beforeUndo?: () => Promise<void>;
  /** The case goes on in another run: it is not closed in the ledger. */
  readonly goesOn?: (outcome: Outcome) => boolean;
}

export interface Lifecycle {
  /** Read the terms, record the fact, run the body, close the case; when cancelled, undo first. */
  readonly run: (
    fact: (terms: PolicySnapshot) => Fact | null,
    body: (given: Body) => Promise<Outcome>,
    options?: RunOptions,
  ) => Promise<ProcessResult>;
  /** What the body began with. */
  readonly given: () => Body;
}

export function createLifecycle(
  { delivery, body: bytes, carried }: ProcessSpec,
  parts: Parts,
  takeBack: (undo: Undo) => Promise<unknown>,
): Lifecycle {
  const { recorder, cancellation, asides, terms, keep } = parts;
  const held: { given?: Body } = {};

  async function begin(factOf: (terms: PolicySnapshot) => Fact | null): Promise<Recorded> {
    keep(await readTerms.executeWithOptions({ summary: 'Read the policy' }, []));
    const recorded = await record(delivery, factOf(terms()));
    if (recorded.outcome === 'new') await tell(recorded.settles);
    return recorded;
  }

  async function work(body: (given: Body) => Promise<Outcome>, given: Body): Promise<Outcome> {
    const news = given.recorded.settledBy;
    if (news?.signal === 'cancel') {
      cancellation.request ??= { reason: news.reason, by: `event ${news.eventId}`, eventId: news.eventId };
      recorder.note({ what: 'cancel', by: cancellation.request.by, reason: cancellation.request.reason });
    }
    // Asked for before the body began: there is no step to undo, but what the event said may have to be taken back.
    if (cancellation.request !== undefined) throw new CancelledFailure('cancelled before the first step');
    const outcome = await cancellation.scope.run(() => body(given));
    await asides.dropAll();
    return outcome;
  }

  async function run(
    factOf: (terms: PolicySnapshot) => Fact | null,
    body: (given: Body) => Promise<Outcome>,
    options: RunOptions = {},
  ): Promise<ProcessResult> {
    const recorded = carried?.recorded ?? (await CancellationScope.nonCancellable(() => begin(factOf)));
    if (recorded.outcome !== 'new') {
      await keepConflict(recorded, delivery, bytes);
      recorder.end(recorded.outcome);
      return { outcome: recorded.outcome, first: recorded.first };
    }
    const given: Body = { terms: terms(), recorded };
    held.given = given;
    try {
      const outcome = await work(body, given);
      await CancellationScope.nonCancellable(() => close(parts, outcome, options));
      return { outcome };
    } catch (error) {
      if (!isCancellation(error)) throw error;
      const outcome = endOf(cancellation.request);
      await CancellationScope.nonCancellable(async () => {
        if (cancellation.request === undefined) recorder.note({ what: 'cancel', by: 'Temporal', reason: null });
        if (outcome !== 'superseded') await undo(parts, takeBack, options);
        await close(parts, outcome, options);
      });
      if (cancellation.request === undefined) throw error;
      return { outcome };
    }
  }

  function given(): Body {
    if (held.given === undefined) throw new Error('the event is recorded before the body begins');
    return held.given;
  }

  return { run, given };
}

async function close({ recorder, notices }: Parts, outcome: Outcome, { goesOn }: RunOptions): Promise<void> {
  if (goesOn?.(outcome) !== true) await askLedger('closeWorkflow', 'Close the case', { ...ownRun(), outcome });
  await notices.finish();
  await condition(allHandlersFinished);
  recorder.end(outcome);
}

async function undo(
  { recorder, asides, undos }: Parts,
  takeBack: (undo: Undo) => Promise<unknown>,
  { beforeUndo }: RunOptions,
): Promise<void> {
  recorder.setUndoing();
  await asides.dropAll();
  await beforeUndo?.();
  for (let next = undos.pop(); next !== undefined; next = undos.pop()) {
    const result = await takeBack(next);
    // Skipped by a person: what the step did stands.
    if (result !== undefined && recorder.stepsIn('done').includes(next.step)) recorder.setStep(next.step, 'undone');
  }
}

/** The newer case of the same certificate stands on what this one did: nothing of it is undone. */
function endOf(request: CancelRequest | undefined): Outcome {
  return request?.eventId !== undefined && request.reason === 'superseded' ? 'superseded' : 'cancelled';
}
