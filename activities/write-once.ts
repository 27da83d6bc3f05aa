import { createHash } from 'node:crypto';
import { Context, log } from '@temporalio/activity';
import type { Pool } from 'pg';
import type { Mode, System } from '../src/domain';
import { beginEffect, confirmEffect, effectsOfStep, finishEffect, type NewEffect } from '../src/ledger';
import { askLedger } from './failure';

/** Which step of which workflow orders a write, and how its connector is set; the workflow gives it to every activity. */
export interface StepContext {
  /** Unique in its workflow: a second time round has another name. */
  readonly step: string;
  readonly userId: string;
  /** An address that is known of the learner beside the ledger's, for messages about them. */
  readonly email?: string;
  readonly mode: Exclude<Mode, 'off'>;
  readonly actor?: string;
  readonly reason?: string;
}

/** One write to one system, as the ledger's `effects` keeps it. */
export interface Effect {
  /** Without a learner: it is about many. */
  readonly context: StepContext | (Omit<StepContext, 'userId'> & { readonly userId: null });
  /** What the write is about in its system: doing it twice under one key is doing it once. */
  readonly naturalKey: string;
  /** What is written; no names, no addresses. */
  readonly would: Readonly<Record<string, unknown>>;
  /** What stood there before, so that it can be undone. */
  readonly before?: Readonly<Record<string, unknown>>;
  /**
   * Of a write that sets a state: asked when the row says that it was done, because we or somebody else may have reversed it
   * since. False: it is done again. Absent: what was done is never done again, such as a message.
   */
  readonly isStillSo?: () => Promise<boolean>;
}

/** For a connector that looks before it writes: it found that it is not so. */
export const reversed = (): Promise<boolean> => Promise.resolve(false);

export type Write = <T>(effect: Effect, perform: () => Promise<T>) => Promise<T | 'observed'>;

/**
 * The one place where `observe` stops, and where a write that is known to be done is not done again: the row is there
 * before the call, and says `done` after it. A state that was reversed since is set again.
 * @throws `ledger.unavailable` (retries), and whatever `perform` throws.
 */
export function createWrite(system: System, pool: Pool): Write {
  return async (effect, perform) => {
    const workflowId = ownWorkflowId();
    const { context, naturalKey, would, before = null, isStillSo } = effect;
    const key = { workflowId, step: context.step, system, naturalKey };
    const begun: NewEffect = {
      ...key,
      eventId: workflowId,
      userId: context.userId === '' ? null : context.userId,
      mode: context.mode,
      would,
      before,
      actor: context.actor ?? null,
      reason: context.reason ?? null,
    };
    const row = await askLedger(() => beginEffect(pool, begun));
    if (context.mode === 'observe') return 'observed';
    if (row.status === 'done') {
      if (isStillSo === undefined || (await isStillSo())) return row.result as Awaited<ReturnType<typeof perform>>;
      await askLedger(() => beginEffect(pool, { ...begun, isReversed: true }));
    }
    const result = await perform();
    const record = () => askLedger(() => finishEffect(pool, key, { status: 'done', result }));
    await (isStillSo === undefined ? recordPatiently(record) : record());
    return result;
  };
}

const RECORD_TRIES = 4;
const RECORD_PAUSE_MS = 300;

/**
 * What was done cannot be looked for: if this attempt failed now, the next one would send the message again. So the record
 * is tried again, and is left behind in the end: Temporal keeps the result, and asks for it no more.
 */
async function recordPatiently(record: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < RECORD_TRIES; tries += 1) {
    try {
      if (tries > 0) await Context.current().sleep(RECORD_PAUSE_MS * tries);
      await record();
      return;
    } catch {
      // Tried again, also when the activity is cancelled: it has sent the message.
    }
  }
  log.warn('a message was sent, and the ledger did not take the record of it');
}

/** True when the step's own row says that this write was begun: found done, it was done by us. The row then says so. */
export type Confirm = (effect: Effect) => Promise<boolean>;

/** @throws `ledger.unavailable` (retries). */
export function createConfirm(system: System, pool: Pool): Confirm {
  return ({ context, naturalKey }) =>
    askLedger(() => confirmEffect(pool, { workflowId: ownWorkflowId(), step: context.step, system, naturalKey }));
}

/** True when the step has written before: what it was to take back is taken back already. */
export type HasWritten = (context: StepContext) => Promise<boolean>;

/** @throws `ledger.unavailable` (retries). */
export function createHasWritten(system: System, pool: Pool): HasWritten {
  return async ({ step }) => {
    const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), step, system));
    return rows.some(({ status }) => status === 'done');
  };
}

/** The id of the workflow that this activity runs for, which is its event's id. */
export function ownWorkflowId(): string {
  return Context.current().info.workflowExecution?.workflowId ?? 'none';
}

/** A short digest, for natural keys that must hold no address. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
