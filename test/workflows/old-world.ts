import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { Modes, Notification, Policy } from '../../src/domain';
import type { Delivery, Envelope, Problem } from '../../src/events';
import { readConfigFile } from '../../src/settings';
import { cancelSignal, stateQuery, type ProcessState, type StepStatus } from '../../workflows/messages';
import { quieten } from '../quieten';
import { createWatching } from './watching';

// The time-skipping server loses a workflow task now and then when the machine is busy. A fault of ours fails each time.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

/** One call of a fake activity: its name, its arguments after the step's context, and when, epoch ms of the server. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly at: number;
}

/** What the fakes answer; a test changes what it is about. */
export interface World {
  readonly calls: Call[];
  policy: Policy;
  modes: Modes;
  /** By activity name: what it throws or answers instead. */
  readonly answers: Map<string, (...args: never[]) => unknown>;
  readonly env: TestWorkflowEnvironment;
  readonly start: (type: string, data: object, options?: StartOptions) => Promise<WorkflowHandle>;
  readonly state: (handle: WorkflowHandle) => Promise<ProcessState>;
  /** Wait, in real time, until the workflow's state is as wanted; with a limit, after which it throws and says the state. */
  readonly until: (handle: WorkflowHandle, wanted: (state: ProcessState) => boolean) => Promise<ProcessState>;
  /** Wait until the step (any, when none is named) is parked and nothing is under way any more, the letter about it included. */
  readonly parked: (handle: WorkflowHandle, step?: string) => Promise<ProcessState>;
  /** Wait until nothing of the workflow is under way: before another one sends it what may end it. A client's message waits by itself. */
  readonly atRest: (handle: WorkflowHandle) => Promise<void>;
  /** Send although something is under way. It must not be an activity that may complete then. */
  readonly atOnce: <T>(send: () => Promise<T>) => Promise<T>;
  /** Wait until `look` has an answer; with a limit, after which it throws that the workflow is not as `wanted`. */
  readonly seen: <T>(handle: WorkflowHandle, wanted: string, look: () => Promise<T | undefined>) => Promise<T>;
  /** Wait until the workflow has gone on as one of this type: asked for its state meanwhile, the server might lose the query. */
  readonly goneOnAs: (handle: WorkflowHandle, type: string) => Promise<void>;
  readonly letters: () => readonly { readonly kind: Notification['kind']; readonly to: string; readonly at: number }[];
  readonly named: (name: string) => readonly Call[];
  readonly reset: () => void;
  readonly stop: () => Promise<void>;
}

export interface StartOptions {
  readonly event?: string;
  readonly signedAt?: number;
  readonly problem?: Problem;
}

const LEDGER = [
  'recordEvent',
  'closeWorkflow',
  'markGone',
  'findLearner',
  'countOpen',
  'identifyLearner',
  'reinstateLearner',
  'upholdDeparture',
  'admitLeaver',
  'settleConflict',
  'pruneLedger',
  'closeGone',
];
const IDENTITY = ['findContact', 'freezeUser', 'deactivateUser', 'joinGroup', 'leaveGroup', 'leaveGroups', 'restore'];

const SLACK = ['postMessage', 'deactivateChatUser', 'restoreChatUser'];
const SALESFORCE = [
  'upsertTraining',
  'markCertificate',
  'linkContact',
  'freezeCrmUser',
  'restoreCrmUser',
  'syncProgress',
];

const DEFAULTS: Readonly<Record<string, unknown>> = {
  recordEvent: { outcome: 'new', answer: { firstCompletion: true }, settledBy: null, settles: [] },
  findLearner: {
    userId: 'u1',
    email: 'rita@example.com',
    role: 'rep',
    teamId: 't1',
    managerEmail: 'mona@example.com',
    active: true,
  },
  admitLeaver: true,
  countOpen: 0,
  settleConflict: 'stands',
  pruneLedger: { receipts: 0, replays: 0, refusals: 0, more: false },
  closeGone: { asked: 0, closed: 0, more: false },
  syncProgress: { synced: 0, observed: 0, refused: 0, examples: [], more: false },
  findContact: null,
  leaveGroups: { left: ['Sales'] },
  sendLetter: 'sent',
  postMessage: 'sent',
  storeCertificate: { key: 'k', sha256: 'ab' },
  archivePerson: { key: 'k', sha256: 'cd' },
};

/** As the worker's: cut off in the middle of thousands of messages, the whole process would end. */
const LIMITS = { isolateExecutionTimeout: '1 minute' };

/** A time-skipping Temporal with the real workflows and fake activities, on the real task queues. */
export async function openWorld(): Promise<World> {
  quieten();
  const path = process.env['TEST_TEMPORAL_TEST_SERVER'];
  if (path === undefined) throw new Error('TEST_TEMPORAL_TEST_SERVER is set by the global set-up');
  const watching = createWatching();
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
    client: { interceptors: { workflow: [watching.interceptor] } },
  });
  watching.watch(env);
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: { MindtickleEvent: 2, MindtickleUserId: 2, MindticklePhase: 2, MindtickleDeadline: 6 },
  });
  const policy: Policy = { ...readConfigFile(undefined).policy, administrators: ['admin@example.com'] };
  const modes: Modes = { identity: 'on', mail: 'on', archive: 'on' };
  const world = { calls: [] as Call[], policy, modes, answers: new Map<string, (...args: never[]) => unknown>(), env };

  const fake =
    (name: string) =>
    async (...args: unknown[]) => {
      world.calls.push({ name, args, at: await env.currentTimeMs() });
      const answer = world.answers.get(name) as ((...given: unknown[]) => unknown) | undefined;
      return answer === undefined ? (DEFAULTS[name] ?? 'done') : await answer(...args);
    };
  const fakes = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, fake(name)]));
  const bundle = process.env['TEST_WORKFLOW_BUNDLE'];
  if (bundle === undefined) throw new Error('TEST_WORKFLOW_BUNDLE is set by the global set-up');
  const connection = env.nativeConnection;
  const readTerms = () => Promise.resolve({ policy: world.policy, modes: world.modes });
  const workers = [
    await Worker.create({
      connection,
      taskQueue: 'mindtickle',
      workflowBundle: { codePath: bundle },
      activities: { ...fakes([...LEDGER, 'rereadEnvelope']), readTerms },
      ...LIMITS,
    }),
    await Worker.create({ connection, taskQueue: 'mindtickle-identity', activities: fakes(IDENTITY) }),
    await Worker.create({ connection, taskQueue: 'mindtickle-mail', activities: fakes(['sendLetter']) }),
    await Worker.create({
      connection,
      taskQueue: 'mindtickle-archive',
      activities: fakes(['storeCertificate', 'archivePerson']),
    }),
    await Worker.create({ connection, taskQueue: 'mindtickle-salesforce', activities: fakes(SALESFORCE) }),
    await Worker.create({ connection, taskQueue: 'mindtickle-slack', activities: fakes(SLACK) }),
    await Worker.create({ connection, taskQueue: 'mindtickle-xapi', activities: fakes(['storeStatement']) }),
  ];
  const running = workers.map((worker) => worker.run());
  let started = 0;

  async function start(
    type: string,
    data: object,
    { event = type, signedAt, problem }: StartOptions = {},
  ): Promise<WorkflowHandle> {
    started += 1;
    const eventId = `${type}-${started}`;
    const at = new Date(signedAt ?? (await env.currentTimeMs())).toISOString();
    const delivery: Delivery = {
      eventId,
      event,
      signedAt: at,
      receivedAt: at,
      signatureDigest: createHash('sha256').update(eventId).digest('hex'),
      bodyDigest: createHash('sha256').update(JSON.stringify(data)).digest('hex'),
      ...(problem && { problem }),
    };
    const envelope: Envelope = { event, data, companyId: 'acme' };
    return env.client.workflow.start(type, {
      taskQueue: 'mindtickle',
      workflowId: eventId,
      args: [delivery, envelope],
    });
  }

  function until(handle: WorkflowHandle, wanted: (state: ProcessState) => boolean): Promise<ProcessState> {
    return watching.until(handle.workflowId, 'is as wanted', async () => {
      const state = await handle.query(stateQuery);
      return wanted(state) ? state : undefined;
    });
  }

  async function parked(handle: WorkflowHandle, step?: string): Promise<ProcessState> {
    const state = await until(handle, ({ steps }) =>
      steps.some(({ name, status }) => status === 'parked' && name === (step ?? name)),
    );
    await watching.atRest(handle.workflowId);
    return state;
  }

  return Object.assign(world, {
    start,
    until,
    parked,
    atRest: ({ workflowId }: WorkflowHandle) => watching.atRest(workflowId),
    atOnce: watching.atOnce,
    seen: <T>({ workflowId }: WorkflowHandle, wanted: string, look: () => Promise<T | undefined>): Promise<T> =>
      watching.until(workflowId, wanted, look),
    goneOnAs: async (handle: WorkflowHandle, type: string): Promise<void> => {
      const isIt = async () => (await handle.describe()).type === type || undefined;
      await watching.until(handle.workflowId, `has gone on as ${type}`, isIt);
    },
    state: (handle: WorkflowHandle) => handle.query(stateQuery),
    letters: () =>
      world.calls
        .filter(({ name }) => name === 'sendLetter')
        .map(({ args, at }) => ({ kind: (args[3] as Notification).kind, to: args[1] as string, at })),
    named: (name: string) => world.calls.filter((call) => call.name === name),
    reset: () => {
      world.calls.length = 0;
      world.answers.clear();
      world.policy = policy;
      world.modes = modes;
    },
    stop: async () => {
      await watching.stop();
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await env.teardown();
    },
  });
}

/** True of a state in which the step is so. */
export function stepIs(name: string, status: StepStatus): (state: ProcessState) => boolean {
  return ({ steps }) => steps.some((step) => step.name === name && step.status === status);
}

/**
 * End a workflow that waits, or has ended by itself while time was skipped. `terminate` may hold up the server's time for
 * the tests that follow.
 */
export async function end(handle: WorkflowHandle): Promise<void> {
  await handle.signal(cancelSignal, { reason: 'the test is over', by: 'test' }).catch(unlessClosed);
  await handle.result();
}

/** For a message that may come too late. */
export function unlessClosed(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

/** What a connector throws when its system refuses for good. */
export function rejected(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'identity.rejected', message, nonRetryable: true });
}

/** What a connector throws when its system is away; it is tried again no sooner than after `retryAfterMs`. */
export function unavailable(retryAfterMs: number): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'identity.unavailable',
    message: 'identity did not answer',
    nextRetryDelay: retryAfterMs,
  });
}

/** The first `times` calls throw, the later ones answer. */
export function failing<T>(times: number, failure: Error, answer: T): () => T {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls <= times) throw failure;
    return answer;
  };
}
