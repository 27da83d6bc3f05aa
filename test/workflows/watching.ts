import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { stateQuery, type ProcessState } from '../../workflows/messages';

/** Longer than anything takes on a busy machine, shorter than Jest's own limit for a test. Real ms. */
const LIMIT = 25_000;

/** The server may forget a query that meets the end of a run, and stops its time for good. Real ms. */
const ANSWER = 5_000;

/** What may cancel an activity: it ends a workflow, a letter about a parked step, a lapse. */
const ENDING = new Set([
  ...['cancel', 'recertified', 'coached', 'retaken', 'rehired', 'started'],
  ...['retryStep', 'skipStep', 'identify', 'extendDeadline'],
]);

/** A workflow as the server has it. */
interface Glance {
  readonly isOpen: boolean;
  /** Activities that may complete at any moment: one that waits for its next attempt is none. */
  readonly underWay: readonly string[];
  readonly events: number;
}

/** Keeps tests from the time-skipping server's flaw, and from waiting without end. */
export interface Watching {
  readonly interceptor: WorkflowClientInterceptor;
  /** From now on every call of the client has a limit. */
  readonly watch: (env: TestWorkflowEnvironment) => void;
  /** Ask until `look` has an answer. After the limit it throws, with the state that the workflow is in. */
  readonly until: <T>(workflowId: string, wanted: string, look: () => Promise<T | undefined>) => Promise<T>;
  /** No activity of the workflow is under way, and no task of it. */
  readonly atRest: (workflowId: string) => Promise<void>;
  readonly atOnce: <T>(send: () => Promise<T>) => Promise<T>;
  /** No loop goes on and no call is left: the client would try it again on a closed connection, and end Jest's process. */
  readonly stop: () => Promise<void>;
}

class LateError extends Error {
  override readonly name = 'LateError' as const;
}

/**
 * The server loses the workflow task that cancels an activity which completes at that moment: the workflow then stays
 * open for ever. So before a message that may cancel one is sent, its workflow comes to rest.
 */
export function createWatching(): Watching {
  const held: { env?: TestWorkflowEnvironment; isStopped: boolean } = { isStopped: false };
  const asked = new Map<Promise<unknown>, AbortController>();
  const hurry = new AsyncLocalStorage<true>();
  const asking = new AsyncLocalStorage<true>();
  const env = (): TestWorkflowEnvironment => {
    if (held.env === undefined) throw new Error('the world is not open yet');
    return held.env;
  };

  /** @throws LateError when there is no answer after so many real ms, or when the world stops. */
  async function ask<T>(call: () => Promise<T>, ms = LIMIT): Promise<T> {
    if (held.isStopped) throw new LateError('the world has ended');
    const controller = new AbortController();
    const answer = asking.run(true, () => env().connection.withAbortSignal(controller.signal, call));
    asked.set(answer, controller);
    const timer = setTimeout(() => controller.abort(), ms);
    try {
      return await answer;
    } catch (error) {
      throw controller.signal.aborted ? new LateError(`no answer within ${ms} ms`) : error;
    } finally {
      clearTimeout(timer);
      asked.delete(answer);
    }
  }

  async function glance(workflowId: string): Promise<Glance> {
    const { raw, status, historyLength } = await env().client.workflow.getHandle(workflowId).describe();
    const underWay = (raw.pendingActivities ?? []).filter((activity) => !isBetweenAttempts(activity));
    return {
      isOpen: status.name === 'RUNNING',
      underWay: underWay.map(({ activityType, attempt }) => `${activityType?.name ?? '?'}, attempt ${attempt ?? '?'}`),
      events: historyLength,
    };
  }

  async function until<T>(workflowId: string, wanted: string, look: () => Promise<T | undefined>): Promise<T> {
    for (const givenUpAt = Date.now() + LIMIT; Date.now() < givenUpAt;) {
      if (held.isStopped) throw new Error(`the world ended before ${workflowId} ${wanted}`);
      const seen = await look().catch(unlessLate);
      if (seen !== undefined) return seen;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error(`${LIMIT / 1000} s were too short until ${workflowId} ${wanted}: ${await describe(workflowId)}`);
  }

  async function atRest(workflowId: string): Promise<void> {
    let before: Glance | undefined;
    await until(workflowId, 'is at rest', async () => {
      const now = await glance(workflowId);
      const isQuiet = before?.events === now.events && before.underWay.length + now.underWay.length === 0;
      if (isQuiet || !now.isOpen) return true;
      before = now;
      // Answered only after the tasks that the workflow had by then.
      await env().client.workflow.getHandle(workflowId).query(stateQuery);
      return undefined;
    });
  }

  async function describe(workflowId: string): Promise<string> {
    const state = await env().client.workflow.getHandle(workflowId).query(stateQuery).catch(unlessLate);
    const server = await glance(workflowId).catch(unlessLate);
    const says = state === undefined ? 'it answers no query' : sentence(state);
    if (server === undefined) return `${says}; the server does not answer`;
    return `${says}; on the server ${server.events} events, under way: ${server.underWay.join(', ') || 'nothing'}`;
  }

  async function settle(name: string, workflowId: string | null | undefined): Promise<void> {
    if (workflowId && ENDING.has(name) && hurry.getStore() === undefined) await atRest(workflowId);
  }

  function bound(service: object, isBound: () => boolean): void {
    for (const [name, call] of Object.entries(service) as [string, unknown][]) {
      if (typeof call !== 'function') continue;
      const rpc = (...args: unknown[]) => call.apply(service, args) as Promise<unknown>;
      Object.assign(service, { [name]: (...args: unknown[]) => (isBound() ? rpc(...args) : ask(() => rpc(...args))) });
    }
  }

  function watch(opened: TestWorkflowEnvironment): void {
    held.env = opened;
    bound(opened.connection.workflowService, () => asking.getStore() === true);
    // Time is locked again after a result that came too late: with a limit of its own.
    bound(opened.connection.testService ?? {}, () => false);
    const { workflow } = opened.client;
    const [result, sleep] = [workflow.result.bind(workflow), opened.sleep.bind(opened)];
    const bounded: typeof result = async (workflowId, ...rest) => {
      try {
        return await ask(() => result(workflowId, ...rest));
      } catch (error) {
        if (!(error instanceof LateError) || held.isStopped) throw error;
        const seen = await describe(workflowId);
        throw new Error(`${LIMIT / 1000} s were too short until ${workflowId} ended: ${seen}`, { cause: error });
      }
    };
    Object.assign(workflow, { result: bounded });
    opened.sleep = (duration) => ask(() => sleep(duration));
  }

  return {
    interceptor: {
      signal: async (input, next) => {
        await settle(input.signalName, input.workflowExecution.workflowId);
        return ask(() => next(input));
      },
      startUpdate: async (input, next) => {
        await settle(input.updateName, input.workflowExecution.workflowId);
        return ask(() => next(input));
      },
      cancel: async (input, next) => {
        await settle('cancel', input.workflowExecution.workflowId);
        return ask(() => next(input));
      },
      query: (input, next) => ask(() => next(input), ANSWER),
      describe: (input, next) => ask(() => next(input), ANSWER),
    },
    watch,
    until,
    atRest,
    atOnce: (send) => hurry.run(true, send),
    stop: async () => {
      held.isStopped = true;
      const left = [...asked.keys()];
      for (const controller of asked.values()) controller.abort();
      await Promise.allSettled(left);
    },
  };
}

type PendingActivity = NonNullable<
  Awaited<
    ReturnType<ReturnType<TestWorkflowEnvironment['client']['workflow']['getHandle']>['describe']>
  >['raw']['pendingActivities']
>[number];

/** This server calls it started still. */
function isBetweenAttempts({ lastFailure, lastStartedTime, lastAttemptCompleteTime }: PendingActivity): boolean {
  const msOf = (time: typeof lastStartedTime): number => Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
  return Boolean(lastFailure) && msOf(lastAttemptCompleteTime) >= msOf(lastStartedTime);
}

function unlessLate(error: unknown): undefined {
  if (!(error instanceof LateError)) throw error;
}

function sentence({ phase, steps, history }: ProcessState): string {
  const all = steps.map(({ name, status }) => `${name} ${status}`);
  return `phase ${phase}; steps: ${all.join(', ')}; history: ${history.map(({ what }) => what).join(', ')}`;
}
