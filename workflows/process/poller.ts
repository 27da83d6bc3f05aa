import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import { DAY, MINUTE } from '../../src/domain';
import { since } from '../releases';

/** Looks from time to time whether what a parked step needs has come to be known. */
export interface Lookout {
  /** In the scope that it is called in, until `end`. Begun again it goes on as it is. */
  readonly begin: () => void;
  readonly end: () => void;
}

export interface LookoutDeps {
  /** The step is parked still; while it runs there is nothing to look for. */
  readonly isNeeded: () => boolean;
  readonly isKnown: () => Promise<boolean>;
  readonly onKnown: () => void;
}

/** A pause is this part of the wait so far: what came within the first hours is found within minutes. */
const PART = 8;

/**
 * Pauses grow with the wait, from a minute to a day. To a day, since the wait may last a year: a look an hour would fill
 * all of the history that a workflow may have.
 */
export function createLookout({ isNeeded, isKnown, onKnown }: LookoutDeps): Lookout {
  let isAllowed: boolean | undefined;
  let scope: CancellationScope | undefined;

  async function look(): Promise<void> {
    for (let waitedMs = 0; ;) {
      const pauseMs = Math.min(Math.max(Math.round(waitedMs / PART), MINUTE), DAY);
      await sleep(pauseMs, { summary: 'Then look whether the address is known' });
      waitedMs += pauseMs;
      if (isNeeded() && (await isKnown()) && isNeeded()) onKnown();
    }
  }

  function begin(): void {
    // Asked once: a run that parked before there was a lookout does without, whatever is asked of it later.
    isAllowed ??= since('look-for-address');
    if (!isAllowed || scope !== undefined) return;
    scope = new CancellationScope();
    void scope.run(look).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }

  return { begin, end: () => scope?.cancel() };
}
