/** The life of a process: the policy is read, the event recorded, the body run, the case closed; when cancelled, undone first. */
import {
  allHandlersFinished,
  CancellationScope,
  CancelledFailure,
  condition,
  isCancellation,
  workflowInfo,
} from '@temporalio/workflow';
import { factOf, type Policy, type Said } from '../../src/domain';
import { askLedgerAlone, identity, salesforce, slack } from './activity-proxies';
import {
  beginCase,
  ownRun,
  quarantineConflict,
  recordEvent,
  signalJoined,
  signalSettled,
  type Recorded,
} from './event-intake';
import { finalStateOf } from './final-state';
import type { Internals, NewlyRecorded } from './internals';
import type { People } from './people';
import { sideBySide } from './side-by-side';
import type { ReversibleSystem, Undo, Write } from './steps';
import type { CancelRequest, Outcome } from '../messages';

export interface ProcessResult {
  readonly outcome: Outcome;
  /** The event that this one repeats: for `duplicate` and `replayed`. */
  readonly first?: string;
}

/** What a process's body starts with. */
export interface Start {
  readonly policy: Policy;
  readonly recorded: NewlyRecorded;
  /** The limit of leavers an hour lets this one go on. */
  readonly isAdmitted: boolean;
}

export interface Lifecycle {
  /** What the event says. */
  readonly said: Said;
  /** What the running workflow that it joins is to note of it, in a few words. */
  readonly joinDetail?: (policy: Policy) => string | undefined;
  readonly body: (start: Start) => Promise<Outcome>;
  readonly beforeUndo?: () => Promise<void>;
  /** The case goes on in another run: it is not closed in the ledger. */
  readonly goesOn?: (outcome: Outcome) => boolean;
}

export async function runProcess(internals: Internals, lifecycle: Lifecycle): Promise<ProcessResult> {
  const { options, recorder, run } = internals;
  const recorded = run.recorded ?? (await CancellationScope.nonCancellable(() => begin(internals, lifecycle)));
  if (recorded.outcome !== 'new') {
    noteEnding(internals, recorded);
    await quarantineConflict(recorded, options.delivery, options.body);
    recorder.end(recorded.outcome);
    return { outcome: recorded.outcome, first: recorded.first };
  }
  run.recorded = recorded;
  try {
    const outcome = await work(internals, lifecycle, recorded);
    await CancellationScope.nonCancellable(() => close(internals, lifecycle, outcome));
    return { outcome };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    const outcome = outcomeOf(run.cancelRequest);
    await CancellationScope.nonCancellable(async () => {
      if (run.cancelRequest === undefined) recorder.note({ what: 'cancel', by: 'Temporal', reason: null });
      if (outcome !== 'superseded') await undoAll(internals, lifecycle);
      await close(internals, lifecycle, outcome);
    });
    if (run.cancelRequest === undefined) throw error;
    return { outcome };
  }
}

/** A repeat changes nothing, also where somebody has ended the first one; then it says who. */
function noteEnding({ recorder }: Internals, recorded: Recorded): void {
  if (recorded.outcome === 'new' || recorded.ended === undefined) return;
  const { how, by, reason } = recorded.ended;
  recorder.note({ what: `the workflow of this event was ${how}`, by: by ?? 'unknown', reason });
}

/** A workflow that it is to join, and that does not run, leaves the matter to this one. */
async function begin({ options, run, lookUps }: Internals, { said, joinDetail }: Lifecycle): Promise<Recorded> {
  const { delivery } = options;
  const { policySnapshot, known, ...begun } = await beginCase(delivery, said, (snapshot) => {
    run.policySnapshot = snapshot;
  });
  const { policy } = policySnapshot;
  lookUps.know(known);
  run.isAdmitted = known.isAdmitted === true;
  for (let { recorded } = begun; ;) {
    if (recorded.outcome !== 'new') return recorded;
    await signalSettled(recorded.settles);
    const { joins } = recorded.answer;
    if (joins === undefined || (await signalJoined(joins, delivery, joinDetail?.(policy)))) return recorded;
    recorded = await recordEvent(delivery, factOf(said, policy), { begins: true, orphanedBy: joins });
  }
}

async function work(internals: Internals, { body }: Lifecycle, recorded: NewlyRecorded): Promise<Outcome> {
  const { recorder, run, scope, background } = internals;
  const news = recorded.settledBy;
  if (news?.signal === 'cancel') {
    run.cancelRequest ??= { reason: news.reason, by: `event ${news.eventId}`, eventId: news.eventId };
    recorder.note({ what: 'cancel', by: run.cancelRequest.by, reason: run.cancelRequest.reason });
  }
  // Asked for before the body began: there is no step to undo, but what the event said may have to be taken back.
  if (run.cancelRequest !== undefined) throw new CancelledFailure('cancelled before the first step');
  const { joins } = recorded.answer;
  if (joins !== undefined) {
    const what = `joins the ${workflowInfo().workflowType} that runs`;
    recorder.note({ what, by: `event ${joins}`, reason: null });
    return 'done';
  }
  const start: Start = { policy: internals.policySnapshot().policy, recorded, isAdmitted: run.isAdmitted };
  const outcome = await scope.run(() => body(start));
  await background.stopAll();
  return outcome;
}

async function close(
  { recorder, notifications, background }: Internals,
  { goesOn }: Lifecycle,
  outcome: Outcome,
): Promise<void> {
  if (goesOn?.(outcome) !== true) {
    const final = finalStateOf(recorder.snapshot(), outcome);
    await askLedgerAlone('closeWorkflow', 'Close the case', { ...ownRun(), outcome, final });
  }
  // What joined it before it was closed, and was heard after its body had ended.
  await condition(background.isIdle);
  await notifications.finish();
  await condition(allHandlersFinished);
  recorder.end(outcome);
}

async function undoAll(
  { recorder, background, steps, people, undos }: Internals,
  { beforeUndo }: Lifecycle,
): Promise<void> {
  recorder.setUndoing();
  await background.stopAll();
  await beforeUndo?.();
  const undo = async (one: Undo): Promise<void> => {
    const result = await steps.write(undoing(one, people.current));
    // Skipped by a person, nobody was found, or a leaver gets nothing back: what the step did stays.
    if (!STAYS.includes(result)) recorder.setUndone(one.step);
  };
  await sideBySide(...bySystem(undos.splice(0).reverse()).map((chain) => () => inOrder(chain, undo)));
}

/** A system that is stuck must not keep what the others have to give back. */
function bySystem(undos: readonly Undo[]): readonly (readonly Undo[])[] {
  const systems = [...new Set(undos.map(({ system }) => system))];
  return systems.map((system) => undos.filter((undo) => undo.system === system));
}

async function inOrder<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  for (const one of all) await run(one);
}

const STAYS: readonly unknown[] = [undefined, 'absent', 'not active'];

/** The system puts things as they were before the step, which may have been cut off before it did anything. */
function undoing({ step, system, title, person, unlessOpen, of }: Undo, current: People['current']): Write<unknown> {
  const calls: Readonly<Record<ReversibleSystem, Write<unknown>['call']>> = {
    identity: (context, options) =>
      identity.restoreUser.executeWithOptions(options, [context, current(person), step, unlessOpen]),
    salesforce: (context, options) => {
      const restore = of === 'certificate' ? salesforce.restoreCertificate : salesforce.restoreCrmUser;
      return restore.executeWithOptions(options, [context, current(person), step]);
    },
    slack: (context, options) => slack.restoreSlackUser.executeWithOptions(options, [context, current(person), step]),
  };
  return { system, step: `undo${step.charAt(0).toUpperCase()}${step.slice(1)}`, title, call: calls[system] };
}

/** The newer case of the same certificate builds on what this one did: nothing of it is undone. */
function outcomeOf(request: CancelRequest | undefined): Outcome {
  return request?.eventId !== undefined && request.reason === 'superseded' ? 'superseded' : 'cancelled';
}
