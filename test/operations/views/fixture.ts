import type { Pool } from 'pg';
import { HOUR } from '../../../src/domain';
import { beginEffect, finishEffect, recordEvent, type NewEffect } from '../../../src/ledger';
import { isRefused, type Caller, type FileReply, type Operation } from '../../../src/operations/operation';
import { createViewOperations, type ViewDeps } from '../../../src/operations/views';
import { readConfigFile } from '../../../src/settings';
import type { ProcessState, StepState } from '../../../workflows/messages';
import { deprovisioned, MONDAY, provisioned, request } from '../../ledger/events';

export const viewer: Caller = { by: 'sam', role: 'viewer' };

/** The views over this ledger; no workflow answers, unless `stateOf` says so. */
export function viewsOver(pool: Pool, more: Partial<ViewDeps> = {}): ViewDeps {
  const { policy, leaderboard, forget } = readConfigFile(undefined);
  return {
    pool,
    policy: { ...policy, calendar: { ...policy.calendar, timeZone: 'Europe/Berlin' } },
    leaderboard,
    forget,
    links: { uiUrl: 'http://temporal.example', namespace: 'default' },
    stateOf: () => Promise.resolve(undefined),
    receivers: () => Promise.resolve([]),
    adviseOn: () => undefined,
    removeFiles: () => Promise.resolve('done'),
    now: () => MONDAY + 2 * HOUR,
    ...more,
  };
}

/** Calls the operation of this id as the API would: with texts that its input reads. */
export async function call<T>(
  operations: readonly Operation[] | ViewDeps,
  id: string,
  input: Readonly<Record<string, unknown>> = {},
  caller: Caller = viewer,
): Promise<T> {
  const all = 'pool' in operations ? createViewOperations(operations) : operations;
  const operation = all.find((one) => one.id === id);
  if (operation === undefined) throw new Error(`there is no operation ${id}`);
  const answer = await operation.handle(operation.input.parse(input) as never, caller);
  if (operation.output === 'file' || isRefused(answer)) return answer as T;
  return operation.output.parse(answer) as T;
}

export function textOf({ content }: FileReply): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
}

export function stepState(
  step: string,
  status: StepState['status'],
  detail: string | null = null,
  atMs = MONDAY,
): StepState {
  return { step, title: `Title of ${step}`, status, detail, at: new Date(atMs).toISOString() };
}

export function stateWith(more: Partial<ProcessState>): ProcessState {
  return {
    phase: 'working',
    outcome: null,
    waitingFor: null,
    deadline: null,
    steps: [],
    history: [],
    notified: [],
    ...more,
  };
}

/** A person who was hired and left, by event `leave-<userId>`. */
export async function recordLeaver(
  pool: Pool,
  userId: string,
  { email = `${userId}@example.com`, at = MONDAY } = {},
): Promise<string> {
  await recordEvent(pool, request(`hire-${userId}`, provisioned(userId, { email, at: at - 30 * 24 * HOUR })));
  const leaving = request(`leave-${userId}`, deprovisioned(userId, { email, at }));
  const { receipt } = leaving;
  await recordEvent(pool, {
    ...leaving,
    receipt: { ...receipt, event: 'user.deprovisioned', receivedAt: new Date(at + 1000).toISOString() },
  });
  return `leave-${userId}`;
}

/** A write of the workflow, done. */
export async function recordWrite(
  pool: Pool,
  effect: Pick<NewEffect, 'workflowId' | 'step' | 'system' | 'would'> & Partial<NewEffect>,
): Promise<void> {
  const { naturalKey = 'active', userId = null, eventId = effect.workflowId, mode = 'on' } = effect;
  const { workflowId, step, system } = effect;
  await beginEffect(pool, { ...effect, naturalKey, userId, eventId, mode });
  if (mode === 'on') await finishEffect(pool, { workflowId, step, system, naturalKey }, { status: 'done', result: {} });
}
