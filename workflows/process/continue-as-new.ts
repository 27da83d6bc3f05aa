/** A process whose run has grown long goes on in a new run of the same workflow, with what it carries along. */
import { defaultPayloadConverter } from '@temporalio/common';
import { allHandlersFinished, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import type { PolicySnapshot } from '../../src/domain';
import type { Delivery } from '../../src/events';
import type { Body } from './lifecycle';
import type { Parts, ProcessSpec } from './internals';
import type { KeptPeople } from './people';
import type { KeptSignals } from './signals';
import type { KeptRecord } from './state';
import type { Undo } from './undo';
import { since } from '../releases';

/**
 * The third argument of a run that goes on from another one. Wire format, as messages are. `place`: where the process's
 * own body was.
 */
export interface Carried<Place = unknown> {
  readonly terms: PolicySnapshot;
  readonly recorded: Body['recorded'];
  readonly record: KeptRecord;
  readonly undos: readonly Undo[];
  readonly people: KeptPeople;
  readonly notices: number;
  readonly signals: KeptSignals;
  readonly place: Place;
}

/** Temporal suggests it at some 4,000 events, and ends a workflow at 51,200. */
const LONGEST_RUN = 2000;

/**
 * Tried during the first so many of every thousand events. While messages come faster than a run is replayed, Temporal
 * refuses each try and the next one begins with a replay: between the tries the messages are worked off.
 */
const TRIED_DURING = 250;
const TRIED_EVERY = 1000;

/** Bytes; the arguments of a run may have 2 MiB. */
const LARGEST = 1_500_000;

export interface Continuing {
  /** The run is long and the process at rest: nothing is under way that a new run would not know of. */
  readonly isDue: (place: () => unknown) => boolean;
  readonly go: (place: unknown) => Promise<never>;
}

export function createContinuing({ delivery, body }: ProcessSpec, parts: Parts, given: () => Body): Continuing {
  const { recorder, cancellation, asides, notices, people, signals, undos } = parts;
  let isTooLarge = false;
  let isAllowed = false;

  function carried(place: unknown): Carried {
    return {
      ...given(),
      record: recorder.kept(),
      undos: undos.kept(),
      people: people.kept(),
      notices: notices.count(),
      signals: signals.kept(),
      place,
    };
  }

  function isLong(): boolean {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    const isTime = historyLength % TRIED_EVERY < TRIED_DURING;
    return isTime && (continueAsNewSuggested || historyLength >= LONGEST_RUN);
  }

  function isAtRest(): boolean {
    const isQuiet = asides.areDone() && notices.areSent() && allHandlersFinished();
    return recorder.phase() === 'waiting' && isQuiet && cancellation.request === undefined;
  }

  /** The body was taken byte for byte, and may be longer as we write it: such a run stays as it is. */
  function fits(place: unknown): boolean {
    isTooLarge ||= sizeOf([delivery, body, carried(place)]) > LARGEST;
    return !isTooLarge;
  }

  return {
    // Asked with every message, and again when a run is replayed: what costs most comes last, and a run that is not about
    // to go on has no marker of the patch.
    isDue: (place) => isLong() && isAtRest() && (isAllowed ||= since('continue-as-new')) && fits(place()),
    go: (place) => {
      recorder.note({ what: 'goes on in a new run', by: 'mindtickle', reason: 'the history of this run is long' });
      return makeContinueAsNewFunc<(delivery: Delivery, body: unknown, carried: Carried) => Promise<unknown>>()(
        delivery,
        body,
        carried(place),
      );
    },
  };
}

function sizeOf(values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => sum + (defaultPayloadConverter.toPayload(value).data?.length ?? 0), 0);
}
