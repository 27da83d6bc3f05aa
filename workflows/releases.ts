import { patched } from '@temporalio/workflow';
import { RELEASES, type Release } from '../src/domain';

let begunWith = 0;

/**
 * The first thing that a run does. Asked later, after a local activity, the answer may not replay: such an activity may end
 * in an earlier workflow task than the one in which the process went on, and a replay knows no marker of a later one (tried:
 * messages that come while the ledger is asked). The first release needs no marker.
 */
export function beginRelease(): void {
  begunWith = RELEASES.findLastIndex((release, index) => index === 0 || patched(release));
}

/**
 * Did the run begin with this release, or a later one? A workflow that goes on in a new run begins anew: what it carries along
 * may be of an older one.
 * @public The first release asks for none.
 */
export function since(release: Release): boolean {
  return RELEASES.indexOf(release) <= begunWith;
}
