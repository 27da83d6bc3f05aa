import { patched } from '@temporalio/workflow';

/**
 * The releases that a running workflow may have begun with, oldest first. A release that adds, removes or reorders commands
 * adds its name here, and asks `since('<name>')` where it differs: workflows that began before go on as they began.
 */
const RELEASES = ['1.0'] as const;

export type Release = (typeof RELEASES)[number];

let begunWith = 0;

/**
 * The first thing that a workflow does. Asked later, after a local activity, the answer may not replay: such an activity
 * may end in an earlier workflow task than the one in which the process went on, and a replay knows no marker of a later
 * one (tried: messages that come while the ledger is asked). The first release needs no marker.
 */
export function beginRelease(): void {
  begunWith = RELEASES.findLastIndex((release, index) => index === 0 || patched(release));
}

/**
 * Did the workflow begin with this release, or a later one?
 * @public The first release asks for none.
 */
export function since(release: Release): boolean {
  return RELEASES.indexOf(release) <= begunWith;
}
