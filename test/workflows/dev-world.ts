import { createHash, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { activityInfo } from '@temporalio/activity';
import type { WorkflowHandle, WorkflowStartOptions } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Modes, Notification, Policy } from '../../src/domain';
import type { Delivery } from '../../src/events';
import { readConfigFile } from '../../src/settings';
import { stateQuery, type ProcessState } from '../../workflows/messages';
import { openNamespace, temporalAddress } from '../temporal/fixture';
import { quieten } from '../quieten';

/** One call of a fake activity: its name, and its arguments. */
export interface FakeCall {
  readonly workflowId: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The real workflows with fake activities on the run's Temporal dev server: for what needs no time to pass. */
export interface DevWorld {
  readonly calls: FakeCall[];
  /** By activity name: what it throws or answers instead; may be a promise. */
  readonly answers: Map<string, (...args: never[]) => unknown>;
  readonly client: Awaited<ReturnType<typeof openNamespace>>['client'];
  readonly namespace: string;
  readonly begin: (type: string, data: object, options?: Partial<WorkflowStartOptions>) => Promise<WorkflowHandle>;
  readonly state: (handle: WorkflowHandle) => Promise<ProcessState>;
  readonly until: (handle: WorkflowHandle, wanted: (state: ProcessState) => boolean) => Promise<ProcessState>;
  readonly named: (handle: WorkflowHandle, name: string) => readonly FakeCall[];
  readonly letters: (handle: WorkflowHandle) => readonly Notification['kind'][];
  /** Workers of every task queue; a world may have none for a while. */
  readonly work: () => Promise<Working>;
  readonly stop: () => Promise<void>;
}

export interface Working {
  readonly stop: () => Promise<void>;
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  recordEvent: { outcome: 'new', answer: { firstCompletion: true }, settledBy: null, settles: [] },
  findLearner: {
    userId: 'u1',
    email: 'rita@example.com',
    teamId: 't1',
    managerEmail: 'mona@example.com',
    active: true,
  },
  admitLeaver: true,
  countOpen: 0,
  settleConflict: 'stands',
  findContact: null,
  leaveGroups: { left: ['Sales'] },
  sendLetter: 'sent',
};

export async function openDevWorld(): Promise<DevWorld> {
  quieten();
  const { client, namespace, close } = await openNamespace();
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  const policy: Policy = { ...readConfigFile(undefined).policy, administrators: ['admin@example.com'] };
  const modes: Modes = { identity: 'on', mail: 'on', archive: 'on' };
  const calls: FakeCall[] = [];
  const answers = new Map<string, (...args: never[]) => unknown>();
  let isStopped = false;

  async function fake(...args: unknown[]): Promise<unknown> {
    const { activityType: name, workflowExecution } = activityInfo();
    if (name === 'readTerms') return { policy, modes };
    calls.push({ workflowId: workflowExecution?.workflowId ?? '', name, args });
    const answer = answers.get(name) as ((...given: unknown[]) => unknown) | undefined;
    return answer === undefined ? (DEFAULTS[name] ?? 'done') : await answer(...args);
  }

  async function work(): Promise<Working> {
    const bundle = process.env['TEST_WORKFLOW_BUNDLE'] ?? '';
    const activities = { default: fake };
    const queues = ['mindtickle', 'mindtickle-identity', 'mindtickle-mail', 'mindtickle-archive'];
    const workers: Worker[] = [];
    for (const taskQueue of queues) {
      const workflowBundle = taskQueue === 'mindtickle' ? { workflowBundle: { codePath: bundle } } : {};
      workers.push(await Worker.create({ connection, namespace, taskQueue, activities, ...workflowBundle }));
    }
    const running = workers.map((worker) => worker.run());
    return {
      stop: async () => {
        for (const worker of workers) worker.shutdown();
        await Promise.all(running);
      },
    };
  }

  async function begin(
    type: string,
    data: object,
    options: Partial<WorkflowStartOptions> = {},
  ): Promise<WorkflowHandle> {
    const eventId = `${type}-${randomUUID()}`;
    const at = new Date().toISOString();
    const delivery: Delivery = {
      eventId,
      event: type,
      signedAt: at,
      receivedAt: at,
      signatureDigest: createHash('sha256').update(eventId).digest('hex'),
      bodyDigest: createHash('sha256').update(JSON.stringify(data)).digest('hex'),
    };
    const args = [delivery, { event: type, data, companyId: 'acme' }];
    return client.workflow.start(type, { taskQueue: 'mindtickle', workflowId: eventId, args, ...options });
  }

  async function until(handle: WorkflowHandle, wanted: (state: ProcessState) => boolean): Promise<ProcessState> {
    while (!isStopped) {
      const state = await handle.query(stateQuery);
      if (wanted(state)) return state;
      await setImmediate();
    }
    throw new Error('the world ended before the workflow was as wanted');
  }

  const named = ({ workflowId }: WorkflowHandle, name: string): readonly FakeCall[] =>
    calls.filter((call) => call.workflowId === workflowId && call.name === name);

  return {
    calls,
    answers,
    client,
    namespace,
    begin,
    until,
    named,
    state: (handle) => handle.query(stateQuery),
    letters: (handle) => named(handle, 'sendLetter').map(({ args }) => (args[3] as Notification).kind),
    work,
    stop: async () => {
      isStopped = true;
      await connection.close();
      await close();
    },
  };
}
