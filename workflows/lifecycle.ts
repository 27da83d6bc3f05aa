import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { Fact } from '../src/domain/facts';
import type { Terms } from '../src/domain/policy';
import type { Delivery } from '../src/events';
import type { Asides } from './asides';
import { keepConflict } from './conflicts';
import type { CancelRequest, Outcome } from './messages';
import type { Notices } from './notices';
import { ownRun, record, tell, type Recorded } from './recording';
import { askLedger, readTerms } from './retries';
import type { Recorder } from './state';
import type { UndoStack } from './undo';

export interface ProcessResult {
  readonly outcome: Outcome;
  /** The event that this one repeats: for `duplicate` and `replayed`. */
  readonly first?: string;
}

/** What a process's body starts with. */
export interface Body {
  readonly terms: Terms;
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
    fact: (terms: Terms) => Fact | null,
    body: (given: Body) => Promise<Outcome>,
    options?: RunOptions,
  ) => Promise<ProcessResult>;
}

/** The scope of all that a cancellation stops, and the `cancel` signal that asked for it. */
export interface Cancellation {
  readonly scope: CancellationScope;
  request: CancelRequest | undefined;
}

export interface LifecycleDeps {
  readonly delivery: Delivery;
  /** As it came, for a conflict that has to be kept. */
  readonly body: unknown;
  readonly recorder: Recorder;
  readonly cancellation: Cancellation;
  readonly undos: UndoStack;
  readonly asides: Asides;
  readonly notices: Notices;
  readonly terms: () => Terms;
  readonly keep: (terms: Terms) => void;
}

export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const { delivery, body: bytes, recorder, cancellation, asides, notices, terms, keep } = deps;

  async function begin(factOf: (terms: Terms) => Fact | null): Promise<Recorded> {
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

  async function close(outcome: Outcome, { goesOn }: RunOptions): Promise<void> {
    if (goesOn?.(outcome) !== true) await askLedger('closeWorkflow', 'Close the case', { ...ownRun(), outcome });
    await notices.finish();
    await condition(allHandlersFinished);
    recorder.end(outcome);
  }

  async function run(
    factOf: (terms: Terms) => Fact | null,
    body: (given: Body) => Promise<Outcome>,
    options: RunOptions = {},
  ): Promise<ProcessResult> {
    const recorded = await CancellationScope.nonCancellable(() => begin(factOf));
    if (recorded.outcome !== 'new') {
      await keepConflict(recorded, delivery, bytes);
      recorder.end(recorded.outcome);
      return { outcome: recorded.outcome, first: recorded.first };
    }
    try {
      const outcome = await work(body, { terms: terms(), recorded });
      await CancellationScope.nonCancellable(() => close(outcome, options));
      return { outcome };
    } catch (error) {
      if (!isCancellation(error)) throw error;
      const outcome = endOf(cancellation.request);
      await CancellationScope.nonCancellable(async () => {
        if (cancellation.request === undefined) recorder.note({ what: 'cancel', by: 'Temporal', reason: null });
        if (outcome !== 'superseded') await undo(deps, options);
        await close(outcome, options);
      });
      if (cancellation.request === undefined) throw error;
      return { outcome };
    }
  }

  return { run };
}

async function undo({ recorder, asides, undos }: LifecycleDeps, { beforeUndo }: RunOptions): Promise<void> {
  recorder.setUndoing();
  await asides.dropAll();
  await beforeUndo?.();
  for (let next = undos.pop(); next !== undefined; next = undos.pop()) {
    const result = await next.run();
    // Skipped by a person: what the step did stands.
    if (result !== undefined && recorder.stepsIn('done').includes(next.step)) recorder.setStep(next.step, 'undone');
  }
}

/** The newer case of the same certificate stands on what this one did: nothing of it is undone. */
function endOf(request: CancelRequest | undefined): Outcome {
  return request?.eventId !== undefined && request.reason === 'superseded' ? 'superseded' : 'cancelled';
}
