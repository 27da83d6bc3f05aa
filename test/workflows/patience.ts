import { AsyncLocalStorage } from 'node:async_hooks';
import type { Client, ConnectionLike } from '@temporalio/client';
import { stateQuery, type ProcessState } from '../../workflows/messages';

/** Longer than anything takes on a busy machine, shorter than Jest's own limit for a test. Real ms. */
const LIMIT_MS = 240_000;

/** Between two looks, longer each time: looking takes the time that the workflow needs. Real ms. */
const [FIRST_BREATH_MS, LONGEST_BREATH_MS] = [10, 100];

/** Waits for workflows, but never without end: what takes too long is an error that says the workflow's state. */
export interface Patience {
  /** @throws LateError when there is no answer after so many real ms, or when the tests are over. */
  readonly ask: <T>(call: () => Promise<T>, ms?: number) => Promise<T>;
  /** Ask until `look` has an answer. After the limit it throws, with the state that the workflow is in. */
  readonly until: <T>(workflowId: string, wanted: string, look: () => Promise<T | undefined>) => Promise<T>;
  /** Wait until no activity of the workflow is under way, and no task of it. */
  readonly atRest: (workflowId: string) => Promise<void>;
  /** From now on results have a limit; on the time-skipping server, which forgets some, so does every other call. */
  readonly limit: () => void;
  /** What is waited for fails at once, and so does what anybody waits for later. */
  readonly giveUp: (why: Error) => void;
  /** No loop goes on and no call is left: the client would try it again on a closed connection, and end Jest's process. */
  readonly stop: () => Promise<void>;
}

class LateError extends Error {
  override readonly name = 'LateError' as const;
}

interface Connected {
  readonly client: Client;
  readonly connection: ConnectionLike & { readonly testService?: object | undefined };
}

export function createPatience(connected: () => Connected): Patience {
  const asked = new Map<Promise<unknown>, AbortController>();
  const asking = new AsyncLocalStorage<true>();
  let over: Error | undefined;

  async function ask<T>(call: () => Promise<T>, ms = LIMIT_MS): Promise<T> {
    if (over) throw over;
    const controller = new AbortController();
    const { signal } = controller;
    const answer = asking.run(true, () => connected().connection.withAbortSignal(signal, call));
    asked.set(answer, controller);
    const timer = setTimeout(() => controller.abort(new LateError(`no answer within ${ms} ms`)), ms);
    // A native connection does not end a call that is aborted.
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    );
    try {
      return await Promise.race([answer, aborted]);
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      clearTimeout(timer);
      asked.delete(answer);
    }
  }

  const handleOf = (workflowId: string) => connected().client.workflow.getHandle(workflowId);

  async function glance(workflowId: string): Promise<Glance> {
    const { raw, status, historyLength } = await handleOf(workflowId).describe();
    const underWay = (raw.pendingActivities ?? []).filter((activity) => !isBetweenAttempts(activity));
    return {
      isOpen: status.name === 'RUNNING',
      underWay: underWay.map(({ activityType, attempt }) => `${activityType?.name ?? '?'}, attempt ${attempt ?? '?'}`),
      events: historyLength,
    };
  }

  async function describe(workflowId: string): Promise<string> {
    const state = await handleOf(workflowId).query(stateQuery).catch(unlessLate);
    const server = await glance(workflowId).catch(unlessLate);
    const says = state === undefined ? 'it answers no query' : sentence(state);
    if (server === undefined) return `${says}; the server does not answer`;
    return `${says}; on the server ${server.events} events, under way: ${server.underWay.join(', ') || 'nothing'}`;
  }

  async function late(workflowId: string, wanted: string): Promise<Error> {
    return new Error(
      `${LIMIT_MS / 1000} s were too short until ${workflowId} ${wanted}: ${await describe(workflowId)}`,
    );
  }

  async function until<T>(workflowId: string, wanted: string, look: () => Promise<T | undefined>): Promise<T> {
    const givenUpAt = Date.now() + LIMIT_MS;
    for (
      let breathMs = FIRST_BREATH_MS;
      Date.now() < givenUpAt;
      breathMs = Math.min(breathMs * 1.5, LONGEST_BREATH_MS)
    ) {
      if (over) throw over;
      const seen = await look().catch(unlessLate);
      if (seen !== undefined) return seen;
      await new Promise((resolve) => setTimeout(resolve, breathMs));
    }
    throw await late(workflowId, wanted);
  }

  async function atRest(workflowId: string): Promise<void> {
    let before: Glance | undefined;
    await until(workflowId, 'is at rest', async () => {
      const now = await glance(workflowId);
      const isQuiet = before?.events === now.events && before.underWay.length + now.underWay.length === 0;
      if (isQuiet || !now.isOpen) return true;
      before = now;
      // Answered only after the tasks that the workflow had by then.
      await handleOf(workflowId).query(stateQuery);
      return undefined;
    });
  }

  function limitAll(service: object, isLimited: () => boolean): void {
    for (const [name, call] of Object.entries(service) as [string, unknown][]) {
      if (typeof call !== 'function') continue;
      const rpc = (...args: unknown[]) => call.apply(service, args) as Promise<unknown>;
      Object.assign(service, {
        [name]: (...args: unknown[]) => (isLimited() ? rpc(...args) : ask(() => rpc(...args))),
      });
    }
  }

  function limit(): void {
    const { client, connection } = connected();
    if (connection.testService) {
      limitAll(connection.workflowService, () => asking.getStore() === true);
      // Time is locked again after a result that came too late: with a limit of its own.
      limitAll(connection.testService, () => false);
    }
    const result = client.workflow.result.bind(client.workflow);
    const limited: typeof result = async (workflowId, ...rest) => {
      try {
        return await ask(() => result(workflowId, ...rest));
      } catch (error) {
        throw error instanceof LateError && !over ? await late(workflowId, 'ended') : error;
      }
    };
    Object.assign(client.workflow, { result: limited });
  }

  function giveUp(why: Error): void {
    over ??= why;
    for (const controller of asked.values()) controller.abort(why);
  }

  async function stop(): Promise<void> {
    const left = [...asked.keys()];
    giveUp(new LateError('the tests are over'));
    if (connected().connection.testService) await Promise.allSettled(left);
  }

  return { ask, until, atRest, limit, giveUp, stop };
}

/** A workflow as the server has it. */
interface Glance {
  readonly isOpen: boolean;
  /** Activities that may complete at any moment: one that waits for its next attempt is none. */
  readonly underWay: readonly string[];
  readonly events: number;
}

type Description = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>;
type PendingActivity = NonNullable<Description['raw']['pendingActivities']>[number];

/** The time-skipping server calls it started still. */
function isBetweenAttempts({ lastFailure, lastStartedTime, lastAttemptCompleteTime }: PendingActivity): boolean {
  const msOf = (time: typeof lastStartedTime): number => Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
  return Boolean(lastFailure) && msOf(lastAttemptCompleteTime) >= msOf(lastStartedTime);
}

function unlessLate(error: unknown): undefined {
  if (!(error instanceof LateError)) throw error;
}

function sentence({ phase, steps, history }: ProcessState): string {
  const all = steps.map(({ step, status }) => `${step} ${status}`);
  return `phase ${phase}; steps: ${all.join(', ')}; history: ${history.map(({ what }) => what).join(', ')}`;
}
