/** Reads leavers with all that is known of them: the list and the evidence file are made of the same. */
import { effectsOfAll, type LeaverRow, type StoredEffect } from '../../ledger';
import { readPeople, type Person } from '../person';
import type { ViewDeps } from './deps';
import { askAll, endedState, type KnownState } from './known-state';
import { accessClock, accessEndOf, leaverSteps, type AccessClock, type LeaverSteps } from './leaver-steps';

export interface LeaverCase {
  readonly row: LeaverRow;
  readonly person: Person;
  readonly state: KnownState | undefined;
  readonly effects: readonly StoredEffect[];
  readonly steps: LeaverSteps;
  readonly clock: AccessClock;
}

export async function readCases(deps: ViewDeps, rows: readonly LeaverRow[]): Promise<readonly LeaverCase[]> {
  const { pool, stateOf, policy, now } = deps;
  const open = rows.filter(({ isOpen }) => isOpen).map(({ workflowId }) => workflowId);
  const [people, effects, answers] = await Promise.all([
    readPeople(
      pool,
      rows.map(({ userId }) => userId),
    ),
    effectsOfAll(
      pool,
      rows.map(({ workflowId }) => workflowId),
    ),
    askAll(open, stateOf),
  ]);
  return rows.map((row) => {
    const state = answers.get(row.workflowId) ?? endedState(row.receipt?.final ?? null);
    const own = effects.get(row.workflowId) ?? [];
    const steps = leaverSteps({ state, effects: own, isOpen: row.isOpen });
    const times = { leftAt: row.leftAt, receivedAt: row.receipt?.receivedAt ?? null, isOpen: row.isOpen };
    const rules = { limitMinutes: policy.offboarding.accessSlaMinutes, now: now() };
    const clock = accessClock(times, accessEndOf(steps), rules);
    const person = people.get(row.userId);
    if (person === undefined) throw new Error('a person was asked for and not answered');
    return { row, person, state, effects: own, steps, clock };
  });
}
