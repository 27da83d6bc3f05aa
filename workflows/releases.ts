import { patched } from '@temporalio/workflow';

const held = { isCurrent: false };

/**
 * The first thing that a process does. Asked later, after a local activity, the answer may not replay: such an activity
 * may end in an earlier workflow task than the one in which the process went on, and a replay knows no marker of a later
 * one (tried: messages that come while the ledger is asked).
 */
export function begin(): void {
  held.isCurrent = patched('2026-11');
}

/** Did the process begin with this version? */
export function isCurrent(): boolean {
  return held.isCurrent;
}

/** True of what came with the patch or a later version: a process that was begun before goes on as it began. */
export function since(patch: string): boolean {
  return held.isCurrent || patched(patch);
}
