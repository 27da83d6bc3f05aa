import { AsyncLocalStorage } from 'node:async_hooks';
import type { Client, WorkflowClientInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { NativeConnection } from '@temporalio/worker';
import { searchAttributes } from '../../src/domain';
import type { Environment } from '../../src/settings';
import { openNamespace } from '../temporal/fixture';
import { createPatience, type Patience } from './patience';

export type ServerKind = 'time-skipping' | 'dev';

/** A Temporal for one test file. */
export interface Server extends Pick<Patience, 'until' | 'atRest' | 'giveUp'> {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Of a worker. */
  readonly dataConverter?: DataConverter | undefined;
  /** The server's time, epoch ms. */
  readonly now: () => Promise<number>;
  /** Skip so much time. @throws on the dev server, which skips none. */
  readonly sleep: (duration: number | string) => Promise<void>;
  /** Send although something is under way. It must not be an activity that may complete then. */
  readonly atOnce: <T>(send: () => Promise<T>) => Promise<T>;
  readonly stop: () => Promise<void>;
}

/** `dev`: a namespace of its own on the run's dev server, for what needs no time to pass. It loses no tasks. */
export function openServer(kind: ServerKind, env?: Environment): Promise<Server> {
  return kind === 'dev' ? openDev(env) : openTimeSkipping();
}

async function openDev(env?: Environment): Promise<Server> {
  const { client, connection, namespace, dataConverter, close } = await openNamespace(env);
  const patience = createPatience(() => ({ client, connection }));
  patience.limit();
  return {
    ...patience,
    client,
    namespace,
    dataConverter,
    connection,
    now: () => Promise.resolve(Date.now()),
    sleep: () => Promise.reject(new Error('the dev server skips no time: open the time-skipping one')),
    atOnce: (send) => send(),
    stop: async () => {
      await patience.stop();
      await close();
    },
  };
}

/** `temporal.api.enums.v1.IndexedValueType`. */
const TYPES = { KEYWORD: 2, DATETIME: 6 } as const;

/** The server may forget a query that meets the end of a run, and stops its time permanently. Real ms. */
const ANSWER_MS = 20_000;

/** What may cancel an activity: it ends a workflow, a notification about a parked step, a lapse. */
const ENDING = new Set([
  ...['cancel', 'recertified', 'coached', 'retaken', 'rehired', 'started', 'joined'],
  ...['retryStep', 'skipStep', 'identify', 'extendDeadline', 'redrive', 'discard'],
]);

/**
 * The time-skipping server loses the workflow task that cancels an activity which completes at that moment: the workflow
 * then stays open for ever. So before a message that may cancel one is sent, its workflow comes to rest.
 */
async function openTimeSkipping(): Promise<Server> {
  const path = process.env['TEST_TEMPORAL_TEST_SERVER'];
  if (path === undefined) throw new Error('TEST_TEMPORAL_TEST_SERVER is set by the global set-up');
  const hurry = new AsyncLocalStorage<true>();
  const patience = createPatience(() => opened);
  const { ask } = patience;

  async function settle(name: string, workflowId: string | null | undefined): Promise<void> {
    if (workflowId && ENDING.has(name) && hurry.getStore() === undefined) await patience.atRest(workflowId);
  }

  const interceptor: WorkflowClientInterceptor = {
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
    query: (input, next) => ask(() => next(input), ANSWER_MS),
    describe: (input, next) => ask(() => next(input), ANSWER_MS),
  };
  const opened = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
    client: { interceptors: { workflow: [interceptor] } },
  });
  patience.limit();
  await opened.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(Object.values(searchAttributes).map(({ name, type }) => [name, TYPES[type]])),
  });
  return {
    ...patience,
    client: opened.client,
    connection: opened.nativeConnection,
    namespace: 'default',
    now: () => opened.currentTimeMs(),
    sleep: (duration) => ask(() => opened.sleep(duration as number)),
    atOnce: (send) => hurry.run(true, send),
    stop: async () => {
      await patience.stop();
      await opened.teardown();
    },
  };
}
