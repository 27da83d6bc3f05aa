import { ApplicationFailure } from '@temporalio/common';
import { activityInfo } from '@temporalio/activity';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { LedgerActivities } from '../../activities';
import { createBegin } from '../../activities/ledger';
import { isoTime, type Modes, type Notification, type Policy, SYSTEMS } from '../../src/domain';
import { events, isEventName, quarantine, type Problem } from '../../src/events';
import { readConfigFile, type Environment } from '../../src/settings';
import { TASK_QUEUE } from '../../src/temporal';
import { stateQuery, type ProcessState, type StepStatus } from '../../workflows/messages';
import { dataOf, deliveryOf, envelopeOf } from '../events/deliveries';
import { quieten } from '../quieten';
import { WELL, type Activities, type ActivityName, type Arguments, type Fake, type Fakes } from './fakes';
import { cancel } from './operator';
import { openServer, type Server, type ServerKind } from './server';
import { shortRuns } from './short-runs';

type Begins = Parameters<LedgerActivities['beginCase']>[0];

/** One call of a fake activity, and when, epoch ms of the server. */
export interface Call<Name extends ActivityName = ActivityName> {
  readonly name: Name;
  readonly args: Arguments<Name>;
  readonly workflowId: string;
  readonly at: number;
}

export interface SendOptions {
  /** What the event says; the rest is `dataOf` the event. */
  readonly data?: object | undefined;
  readonly eventId?: string;
  /** Epoch ms. Default: now. */
  readonly signedAt?: number;
  /** Epoch ms. Default: as it was signed. */
  readonly receivedAt?: number;
  /** Names of fields that could not be read, and are not needed. */
  readonly unread?: readonly string[];
  /** The delivery cannot be read: it goes into quarantine. */
  readonly problem?: Problem;
}

/** What workers run, where it is not the code as it is. */
export interface WorkerCode {
  /** The file of a bundle of workflows. */
  readonly bundle?: string;
  /** The only activities that they know. */
  readonly knows?: readonly string[];
  readonly identity?: string;
  readonly maxCachedWorkflows?: number;
  /** Each needs one of its own, where several run. */
  readonly connection?: NativeConnection;
}

/** A Temporal server with the real workflows, on their task queues, and fake activities. */
export interface World extends Omit<Server, 'connection' | 'atRest' | 'until'> {
  readonly calls: Call[];
  policy: Policy;
  modes: Modes;
  /** From now on the activity answers so; without a second argument, as by default. */
  readonly fake: <Name extends ActivityName>(name: Name, fake?: Fake<Name>) => void;
  readonly fakeAll: (fakes: Fakes) => void;
  /** An activity that nobody expects: it fails the test at once. */
  readonly expectNo: (name: ActivityName) => void;
  /** Start the workflow of an event, as the receiver does. */
  readonly send: (event: string, options?: SendOptions) => Promise<WorkflowHandle>;
  readonly handleOf: (workflowId: string) => WorkflowHandle;
  readonly state: (handle: WorkflowHandle) => Promise<ProcessState>;
  /** Wait, in real time and with a limit, until the workflow's state is as wanted. */
  readonly until: (handle: WorkflowHandle, wanted: (state: ProcessState) => boolean) => Promise<ProcessState>;
  /** Wait until `look` has an answer; with a limit, after which it throws that the workflow is not as `wanted`. */
  readonly seen: <T>(handle: WorkflowHandle, wanted: string, look: () => Promise<T | undefined>) => Promise<T>;
  /** Wait until the step (any, when none is named) is parked and nothing is under way any more, its notification included. */
  readonly parked: (handle: WorkflowHandle, step?: string) => Promise<ProcessState>;
  /** Wait until nothing of the workflow is under way: before another one sends it what may end it. */
  readonly atRest: (handle: WorkflowHandle) => Promise<void>;
  /** Wait until the workflow has gone on as one of this type. Asked for its state meanwhile, the server might lose the query. */
  readonly goneOnAs: (handle: WorkflowHandle, type: string) => Promise<void>;
  /** Of one workflow where it is given, else of all. */
  readonly callsOf: <Name extends ActivityName>(name: Name, handle?: WorkflowHandle) => readonly Call<Name>[];
  readonly notifications: (
    handle?: WorkflowHandle,
  ) => readonly { readonly kind: Notification['kind']; readonly to: string; readonly at: number }[];
  /** Forget the calls, and what a test has changed. */
  readonly reset: () => void;
  /** Workers of every task queue. They run when the world opens. The answer stops these. */
  readonly startWorkers: (code?: WorkerCode) => Promise<() => Promise<void>>;
  readonly stopWorkers: () => Promise<void>;
}

const QUEUES = [TASK_QUEUE, ...SYSTEMS.map((system) => `${TASK_QUEUE}-${system}`)];

/** As the worker's: cut off in the middle of thousands of messages, the whole process would end. */
const LIMITS = { isolateExecutionTimeout: '1 minute' };

export interface WorldOptions {
  /** A run is long after a tenth of the events. */
  readonly hasShortRuns?: boolean;
  /** Of the dev server's client and workers, such as ENCRYPTION_KEYS. */
  readonly env?: Environment;
}

export async function openWorld(
  kind: ServerKind = 'time-skipping',
  { hasShortRuns = false, env }: WorldOptions = {},
): Promise<World> {
  quieten();
  const server = await openServer(kind, env);
  const { client, connection, namespace, dataConverter } = server;
  const policy: Policy = { ...readConfigFile(undefined).policy, administrators: ['admin@example.com'] };
  const modes: Modes = { identity: 'on', mail: 'on', archive: 'on' };
  const fakes = new Map<string, unknown>(Object.entries(WELL));
  const running = new Set<() => Promise<void>>();
  let sent = 0;

  async function activity(...args: unknown[]): Promise<unknown> {
    const { activityType: name } = activityInfo();
    if (name === 'readPolicySnapshot') return { policy: world.policy, modes: world.modes };
    return name === 'beginCase' ? begin(args[0] as Begins) : answer(name, ...args);
  }

  /** As the worker does it; each question is answered by its fake. */
  function begin(request: Begins): Promise<unknown> {
    const ask = <Name extends ActivityName>(name: Name, ...args: Arguments<Name>) =>
      answer(name, ...args) as Promise<Awaited<ReturnType<Activities[Name]>>>;
    const run = createBegin({
      policy: world.policy,
      modes: world.modes,
      record: (event) => ask('recordEvent', event),
      admit: (eventId) => ask('admitLeaver', eventId),
      read: async (userId, { inLine, emails }) => {
        const known = await ask('findLearner', userId);
        const addresses = inLine?.(known);
        return {
          learner: known,
          ...(addresses && { unfit: { addresses, answer: await ask('findUnfit', { userId, addresses }) } }),
          ...(emails && { sharers: { emails, answer: await ask('findSharers', { userId, emails }) } }),
        };
      },
    });
    return run(request);
  }

  async function answer(name: string, ...args: unknown[]): Promise<unknown> {
    const { workflowExecution } = activityInfo();
    const call = { name, args, workflowId: workflowExecution?.workflowId ?? '', at: await server.now() };
    world.calls.push(call as Call);
    const fake = fakes.has(name) ? fakes.get(name) : noFake(name);
    if (fake instanceof Error) throw fake;
    return typeof fake === 'function' ? await (fake as (...given: unknown[]) => unknown)(...args) : fake;
  }

  /** A step that fails would only park: whoever waits hears of it too. */
  function noFake(name: string): Error {
    const failure = ApplicationFailure.create({ message: `no fake for ${name}`, nonRetryable: true });
    server.giveUp(failure);
    return failure;
  }

  async function startWorkers(code: WorkerCode = {}): Promise<() => Promise<void>> {
    const { bundle = process.env['TEST_WORKFLOW_BUNDLE'], knows, ...options } = code;
    if (bundle === undefined) throw new Error('TEST_WORKFLOW_BUNDLE is set by the global set-up');
    const own = { workflowBundle: { codePath: hasShortRuns ? shortRuns(bundle) : bundle }, ...LIMITS };
    const names = knows === undefined ? ['default'] : [...knows, 'readPolicySnapshot', 'beginCase'];
    const activities = Object.fromEntries(names.map((name) => [name, activity]));
    const common = { connection, namespace, activities, ...(dataConverter && { dataConverter }) };
    const workers = await Promise.all(
      QUEUES.map((taskQueue) =>
        Worker.create({ ...common, ...options, taskQueue, ...(taskQueue === TASK_QUEUE && own) }),
      ),
    );
    const ended = Promise.all(workers.map((worker) => worker.run()));
    const stop = async (): Promise<void> => {
      running.delete(stop);
      for (const worker of workers) worker.shutdown();
      await ended;
    };
    running.add(stop);
    return stop;
  }

  async function stopWorkers(): Promise<void> {
    await Promise.all([...running].map((stop) => stop()));
  }

  async function send(event: string, options: SendOptions = {}): Promise<WorkflowHandle> {
    const { data, problem, eventId, signedAt, receivedAt, unread } = options;
    const route = isEventName(event) && problem === undefined ? events[event] : quarantine;
    const now = await server.now();
    const envelope = envelopeOf(event, isEventName(event) ? dataOf(event, data, now) : (data ?? { userId: 'u1' }));
    const workflowId = eventId ?? `${route.workflowType}-${(sent += 1)}`;
    const signed = deliveryOf(workflowId, envelope, { at: signedAt ?? now, problem });
    const delivery = receivedAt === undefined ? signed : { ...signed, receivedAt: isoTime(receivedAt) };
    return client.workflow.start(route.workflowType, {
      taskQueue: TASK_QUEUE,
      workflowId,
      args: [problem === undefined ? { ...delivery, data: envelope.data, unread } : delivery, envelope],
    });
  }

  function until(handle: WorkflowHandle, wanted: (state: ProcessState) => boolean): Promise<ProcessState> {
    return server.until(handle.workflowId, 'is as wanted', async () => {
      const state = await handle.query(stateQuery);
      return wanted(state) ? state : undefined;
    });
  }

  async function parked(handle: WorkflowHandle, step?: string): Promise<ProcessState> {
    const isParked = ({ steps }: ProcessState): boolean =>
      steps.some((one) => one.status === 'parked' && one.step === (step ?? one.step));
    const state = await until(handle, isParked);
    await server.atRest(handle.workflowId);
    return state;
  }

  const callsOf = <Name extends ActivityName>(name: Name, of?: WorkflowHandle) =>
    world.calls.filter(
      (call): call is Call<Name> => call.name === name && (of === undefined || call.workflowId === of.workflowId),
    );

  const world: World = {
    ...server,
    calls: [],
    policy,
    modes,
    fake: (name, ...fake) => void fakes.set(name, fake.length > 0 ? fake[0] : WELL[name]),
    fakeAll: (given) => {
      for (const [name, fake] of Object.entries(given)) fakes.set(name, fake);
    },
    expectNo: (name) => void fakes.delete(name),
    send,
    handleOf: (workflowId) => client.workflow.getHandle(workflowId),
    state: (handle) => handle.query(stateQuery),
    until,
    seen: ({ workflowId }, wanted, look) => server.until(workflowId, wanted, look),
    parked,
    atRest: ({ workflowId }) => server.atRest(workflowId),
    goneOnAs: async (handle, type) => {
      const isIt = async () => (await handle.describe()).type === type || undefined;
      await server.until(handle.workflowId, `has gone on as ${type}`, isIt);
    },
    callsOf,
    notifications: (handle) =>
      callsOf('sendMail', handle).map(({ args: [, to, , { kind }], at }) => ({ kind, to, at })),
    reset: () => {
      world.calls.length = 0;
      world.policy = policy;
      world.modes = modes;
      for (const [name, answer] of Object.entries(WELL)) fakes.set(name, answer);
    },
    startWorkers,
    stopWorkers,
    stop: async () => {
      await stopWorkers();
      await server.stop();
    },
  };
  await startWorkers();
  return world;
}

/** One world for all tests of a file or a block, reset before each; or a new one each, where a test may spoil it. */
export function useWorld(
  kind: ServerKind = 'time-skipping',
  { each = false, ...options }: WorldOptions & { readonly each?: boolean } = {},
): World {
  let world: World | undefined;
  const open = async (): Promise<void> => void (world = await openWorld(kind, options));
  const close = (): Promise<void> | undefined => world?.stop();
  if (each) {
    beforeEach(open);
    afterEach(close);
  } else {
    beforeAll(open);
    afterAll(close);
    beforeEach(() => world?.reset());
  }
  return new Proxy({} as World, {
    get: (_, name) => Reflect.get(opened(world), name) as unknown,
    set: (_, name, value) => Reflect.set(opened(world), name, value),
  });
}

function opened(world: World | undefined): World {
  if (world === undefined) throw new Error('the world is not open yet');
  return world;
}

/** What asks, and changes nothing. */
const READS: readonly ActivityName[] = [
  'recordEvent',
  'closeWorkflow',
  'findLearner',
  'findUnfit',
  'findInactive',
  'findContact',
  'claimAlert',
  'releaseAlert',
  'addAlertCase',
  'dropAlertCase',
  'findSharers',
  'admitLeaver',
  'countOpenWorkflows',
];

/** The calls that change a system or notify somebody, in their order; a notification by its kind. */
export function effectsIn({ calls, notifications }: World): readonly string[] {
  const kinds = notifications().map(({ kind }) => kind);
  return calls
    .filter(({ name }) => !READS.includes(name))
    .map(({ name }) => (name === 'sendMail' ? String(kinds.shift()) : name));
}

/** True of a state in which the step is so. */
export function stepIs(name: string, status: StepStatus): (state: ProcessState) => boolean {
  return ({ steps }) => steps.some((step) => step.step === name && step.status === status);
}

/** True of a state whose history has an entry that begins so. */
export function heard(what: string, times = 1): (state: ProcessState) => boolean {
  return ({ history }) => history.filter((entry) => entry.what.startsWith(what)).length >= times;
}

/**
 * End a workflow that waits, or has ended by itself while time was skipped. `terminate` may hold up the server's time for
 * the tests that follow.
 */
export async function end(handle: WorkflowHandle): Promise<void> {
  await cancel(handle, 'the test is over').catch(unlessClosed);
  await handle.result();
}

/** For a message that may come too late. */
export function unlessClosed(error: unknown): void {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}
