/** How long to wait before something is tried again that a person may put right at any time. */
import { DAY, MINUTE } from '../../src/domain';

/** A pause is this part of the wait so far: what came within the first hours is found within minutes. */
const PAUSE_PART = 8;

/**
 * In ms. Pauses grow from a minute to a day, because the wait may last a year: a check every hour would fill the whole history
 * that a workflow may have.
 */
export function pauseAfter(waitedMs: number): number {
  return Math.min(Math.max(Math.round(waitedMs / PAUSE_PART), MINUTE), DAY);
}
