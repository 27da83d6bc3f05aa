import { createHash } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { WorkflowHandle } from '@temporalio/client';
import type { Letter } from '../../src/domain/letters';
import type { Modes, Policy } from '../../src/domain/policy';
import type { Delivery, Envelope, Problem } from '../../src/events';
import { readConfig } from '../../src/policy';
import { cancelSignal, stateQuery, type ProcessState, type StepStatus } from '../../workflows/messages';

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
  /** Wait, in real time but for as long as it takes, until the workflow's state is as wanted. */
  readonly until: (handle: WorkflowHandle, wanted: (state: ProcessState) => boolean) => Promise<ProcessState>;
  /**
   * Wait until the step (any, when none is named) is parked and nothing is under way any more, the letter about it
   * included: the time-skipping server loses a workflow that cancels an activity which completes at that moment.
   */
  readonly parked: (handle: WorkflowHandle, step?: string) => Promise<ProcessState>;
  readonly letters: () => readonly { readonly kind: Letter['kind']; readonly to: string; readonly at: number }[];
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
  findContact: null,
  leaveGroups: { left: ['Sales'] },
  sendLetter: 'sent',
  storeCertificate: { key: 'k', sha256: 'ab' },
  archivePerson: { key: 'k', sha256: 'cd' },
};

/** A time-skipping Temporal with the real workflows and fake activities, on the real task queues. */
export async function openWorld(): Promise<World> {
  quieten();
  const path = process.env['TEST_TEMPORAL_TEST_SERVER'];
  if (path === undefined) throw new Error('TEST_TEMPORAL_TEST_SERVER is set by the global set-up');
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: { MindtickleEvent: 2, MindtickleUserId: 2, MindticklePhase: 2, MindtickleDeadline: 6 },
  });
  const policy: Policy = { ...readConfig(undefined).policy, administrators: ['admin@example.com'] };
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
    }),
    await Worker.create({ connection, taskQueue: 'mindtickle-identity', activities: fakes(IDENTITY) }),
    await Worker.create({ connection, taskQueue: 'mindtickle-mail', activities: fakes(['sendLetter']) }),
    await Worker.create({
      connection,
      taskQueue: 'mindtickle-archive',
      activities: fakes(['storeCertificate', 'archivePerson']),
    }),
  ];
  const running = workers.map((worker) => worker.run());
  let started = 0;
  let isStopped = false;

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

  async function until(handle: WorkflowHandle, wanted: (state: ProcessState) => boolean): Promise<ProcessState> {
    while (!isStopped) {
      const state = await handle.query(stateQuery);
      if (wanted(state)) return state;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error('the world ended before the workflow was as wanted');
  }

  async function parked(handle: WorkflowHandle, step?: string): Promise<ProcessState> {
    for (;;) {
      const state = await until(handle, ({ steps }) =>
        steps.some(({ name, status }) => status === 'parked' && name === (step ?? name)),
      );
      const { raw } = await handle.describe();
      if (!raw.pendingActivities?.length) return state;
    }
  }

  return Object.assign(world, {
    start,
    until,
    parked,
    state: (handle: WorkflowHandle) => handle.query(stateQuery),
    letters: () =>
      world.calls
        .filter(({ name }) => name === 'sendLetter')
        .map(({ args, at }) => ({ kind: (args[3] as Letter).kind, to: args[1] as string, at })),
    named: (name: string) => world.calls.filter((call) => call.name === name),
    reset: () => {
      world.calls.length = 0;
      world.answers.clear();
      world.policy = policy;
      world.modes = modes;
    },
    stop: async () => {
      isStopped = true;
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

/** End a workflow that waits. `terminate` may hold up the server's time for the tests that follow. */
export async function end(handle: WorkflowHandle): Promise<void> {
  await handle.signal(cancelSignal, { reason: 'the test is over', by: 'test' });
  await handle.result();
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

/** What fails here fails on purpose: only errors of the worker itself are worth a line. */
export function quieten(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
