/** A process whose run has grown long goes on in a new run of the same workflow, with what it carries along. */
import { defaultPayloadConverter } from '@temporalio/common';
import { allHandlersFinished, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import type { Delivery } from '../../src/events';
import { bodyArgument } from './body';
import type { Carried, Internals } from './internals';

/** Temporal suggests it at some 4,000 events, and ends a workflow at 51,200. */
const MAX_EVENTS = 2000;

/**
 * Tried during the first so many of every thousand events. While messages come faster than a run is replayed, Temporal
 * refuses each try and the next one begins with a replay: between the tries the messages are worked off.
 */
const TRIED_DURING = 250;
const TRIED_EVERY = 1000;

/** Bytes; the arguments of a run may have 2 MiB. */
const MAX_BYTES = 1_500_000;

export interface ContinueAsNew {
  /** The run is long and the process at rest: nothing is under way that a new run would not know of. */
  readonly isDue: (checkpoint: () => unknown) => boolean;
  readonly go: (checkpoint: unknown) => Promise<never>;
}

export function createContinueAsNew(internals: Internals): ContinueAsNew {
  const { delivery, body } = internals.options;
  let isTooLarge = false;

  /** A run that carries too much beside a long body stays as it is. */
  function fits(checkpoint: unknown): boolean {
    isTooLarge ||= sizeOf([delivery, bodyArgument(body), carriedBy(internals, checkpoint)]) > MAX_BYTES;
    return !isTooLarge;
  }

  return {
    // Asked with every message, and again when a run is replayed: what costs most comes last.
    isDue: (checkpoint) => isLong() && isAtRest(internals) && fits(checkpoint()),
    go: (checkpoint) => {
      const reason = 'the history of this run is long';
      internals.recorder.note({ what: 'goes on in a new run', by: 'mindtickle', reason });
      return makeContinueAsNewFunc<(delivery: Delivery, body: unknown, carried: Carried) => Promise<unknown>>()(
        delivery,
        bodyArgument(body),
        carriedBy(internals, checkpoint),
      );
    },
  };
}

function carriedBy(internals: Internals, checkpoint: unknown): Carried {
  const { recorder, undos, people, notifications, signals, run, policySnapshot } = internals;
  const { steps, history, notified, forgotten } = recorder.snapshot();
  if (run.recorded === undefined) throw new Error('the event is recorded before the body begins');
  return {
    policySnapshot: policySnapshot(),
    recorded: run.recorded,
    state: { steps, history, notified, ...(forgotten !== undefined && { forgotten }) },
    undos: [...undos],
    people: people.snapshot(),
    notificationCount: notifications.count(),
    signals: signals.snapshot(),
    checkpoint,
  };
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  const isTime = historyLength % TRIED_EVERY < TRIED_DURING;
  return isTime && (continueAsNewSuggested || historyLength >= MAX_EVENTS);
}

function isAtRest({ recorder, background, notifications, run }: Internals): boolean {
  const isQuiet = background.isIdle() && notifications.areSent() && allHandlersFinished();
  return recorder.phase() === 'waiting' && isQuiet && run.cancelRequest === undefined;
}

function sizeOf(values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => sum + (defaultPayloadConverter.toPayload(value).data?.length ?? 0), 0);
}
