import type { WorkflowHandle } from '@temporalio/client';
import { DAY, HOUR, isoTime } from '../../src/domain';
import { TASK_QUEUE } from '../../src/temporal';
import type { ProcessState } from '../../workflows/messages';
import { later, recorded, rejected } from './fakes';
import { extend } from './operator';
import { stepIs, unlessClosed, useWorld } from './world';

const world = useWorld('dev', { hasShortRuns: true });

const ahead = (days: number): string => isoTime(Date.now() + days * DAY);
const isWaiting = ({ phase }: ProcessState): boolean => phase === 'waiting';

const hasOpened = (state: ProcessState): boolean =>
  ['joinRecertificationRequired', 'notifyLearner', 'notifyManager'].every((step) => stepIs(step, 'done')(state));

/** Each type, the event that it begins with, and when it waits for people with nothing under way. */
const TYPES = {
  recertification: { event: 'certification.expired', isOpen: hasOpened },
  quizCoaching: { event: 'quiz.submitted', isOpen: stepIs('notifyManager', 'done') },
  onboarding: { event: 'user.provisioned', isOpen: stepIs('welcome', 'done') },
  offboarding: { event: 'user.deprovisioned', isOpen: isWaiting },
  quarantine: { event: 'unknown.event', isOpen: isWaiting },
} as const;
type Type = keyof typeof TYPES;

const begin = (type: Type): Promise<WorkflowHandle> => world.send(TYPES[type].event);
async function opened(type: Type): Promise<WorkflowHandle> {
  const handle = await begin(type);
  await world.until(handle, TYPES[type].isOpen);
  return handle;
}

interface Message {
  readonly type: Type;
  readonly name: string;
  readonly good: Readonly<Record<string, unknown>>;
  /** Who is in the history for it. */
  readonly by: string;
}

const BY = { by: 'ada' };
const SIGNALS: readonly Message[] = [
  ...(Object.keys(TYPES) as Type[]).flatMap((type) => [
    { type, name: 'cancel', good: { ...BY, reason: 'a mistake' }, by: 'ada' },
    { type, name: 'escalate', good: { ...BY, reason: 'no answer' }, by: 'ada' },
  ]),
  { type: 'recertification', name: 'recertified', good: { ...BY, evidence: 'seen' }, by: 'ada' },
  { type: 'quizCoaching', name: 'coached', good: { ...BY, note: 'done' }, by: 'ada' },
  { type: 'quizCoaching', name: 'retaken', good: { eventId: 'q2' }, by: 'event q2' },
  { type: 'onboarding', name: 'started', good: { eventId: 'm2' }, by: 'event m2' },
  { type: 'offboarding', name: 'rehired', good: { eventId: 'p2' }, by: 'event p2' },
];
const UPDATES: readonly Message[] = [
  ...(Object.keys(TYPES) as Type[]).flatMap((type) => [
    { type, name: 'retryStep', good: { ...BY, step: 'x' }, by: 'ada' },
    { type, name: 'skipStep', good: { ...BY, step: 'x', reason: 'not needed' }, by: 'ada' },
  ]),
  { type: 'recertification', name: 'extendDeadline', good: { ...BY, deadline: ahead(90), reason: 'leave' }, by: 'ada' },
  { type: 'recertification', name: 'identify', good: { ...BY, email: 'rita@example.com' }, by: 'ada' },
  { type: 'quarantine', name: 'redrive', good: BY, by: 'ada' },
  { type: 'quarantine', name: 'discard', good: { ...BY, reason: 'noise' }, by: 'ada' },
];
const table = (messages: readonly Message[]) =>
  messages.map((message) => [`${message.name} of ${message.type}`, message] as const);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const undecodable = { metadata: { encoding: bytes('json/plain') }, data: bytes('{not json') };

/** Payloads as no client of ours would write them. */
function signalRaw({ workflowId }: WorkflowHandle, signalName: string, payloads: object[]): Promise<unknown> {
  const workflowExecution = { workflowId };
  const { namespace } = world;
  const request = { namespace, workflowExecution, signalName, input: { payloads } };
  return world.client.workflowService.signalWorkflowExecution(request);
}

/** Of the first field missing, of another type, empty; and what is no object at all. */
function malformed(good: Message['good']): unknown[] {
  const [first = '', ...others] = Object.keys(good);
  const rest = Object.fromEntries(others.map((name) => [name, good[name]]));
  const wrong = [7, '', ' '].map((value) => ({ ...good, [first]: value }));
  return [undefined, null, 7, 'now', [], {}, rest, ...wrong, [good]];
}

const ignoredOf = (name: string, { history }: ProcessState): number =>
  history.filter(({ what, by, reason }) => what === `${name} ignored` && by === 'unknown' && reason !== null).length;

test('the state query answers empty lists as [], never null', async () => {
  const { workflowId } = await opened('quarantine');
  const { namespace, client } = world;
  const asked = { namespace, execution: { workflowId }, query: { queryType: 'state' } };
  const { queryResult } = await client.workflowService.queryWorkflow(asked);
  const json = Buffer.from(queryResult?.payloads?.[0]?.data ?? []).toString();
  expect(json).toContain('"steps":[],"history":[],"notified":[]');
});

describe('a malformed signal is written down and ignored', () => {
  test.each(table(SIGNALS))('%s', async (_claim, { type, name, good }) => {
    const handle = await opened(type);
    const before = await world.state(handle);
    const junk = malformed(good);
    for (const message of junk) await handle.signal(name, message);
    await handle.signal(name);
    await handle.signal(name, 'x', good);
    const raw = [[undecodable], Array.from({ length: 9 }, () => undecodable)];
    for (const payloads of raw) await signalRaw(handle, name, payloads);
    const wanted = junk.length + 2 + raw.length;
    const after = await world.until(handle, (state) => ignoredOf(name, state) >= wanted);
    expect(after).toEqual({ ...before, history: after.history });
    expect(after.history.length - before.history.length).toBe(wanted);
    await handle.terminate();
  });
});

test('escalate to what is no address is ignored', async () => {
  const handle = await opened('recertification');
  await handle.signal('escalate', { by: 'ada', reason: 'no answer', to: 'nobody' });
  const { history } = await world.until(handle, (state) => state.history.length > 0);
  expect(history).toMatchObject([{ what: 'escalate ignored' }]);
  await handle.terminate();
});

describe('a malformed update is refused with a sentence, and nothing is written down', () => {
  test.each(table(UPDATES))('%s', async (_claim, { type, name, good }) => {
    const handle = await opened(type);
    const before = await world.state(handle);
    for (const message of malformed(good)) {
      const cause = { message: expect.stringMatching(/^(expected one JSON object with|`\w+` )/) as unknown };
      await expect(handle.executeUpdate(name, { args: [message] })).rejects.toMatchObject({ cause });
    }
    expect(await world.state(handle)).toEqual(before);
    await handle.terminate();
  });

  const BY_AND_REASON = { by: 'ada', reason: 'x' };
  test.each<[Type, string, unknown, string]>([
    ['recertification', 'retryStep', { by: 'ada', step: 'x' }, 'no step is parked'],
    ['recertification', 'skipStep', { ...BY_AND_REASON, step: 'x' }, 'no step is parked'],
    ['recertification', 'identify', { by: 'ada', email: 'rita@example.com' }, 'no address is missing'],
    ['recertification', 'identify', { by: 'ada', email: 'nobody' }, '`email` must be an e-mail address'],
    [
      'recertification',
      'extendDeadline',
      { ...BY_AND_REASON, deadline: 'soon' },
      '`deadline` must be an ISO 8601 date, like 2027-03-31 or 2027-03-31T12:00:00Z',
    ],
    [
      'recertification',
      'extendDeadline',
      { ...BY_AND_REASON, deadline: '2001-01-01' },
      '`deadline` must be ahead of now',
    ],
    [
      'recertification',
      'extendDeadline',
      { ...BY_AND_REASON, deadline: '2126-01-01' },
      '`deadline` must be within ten years',
    ],
    ['quarantine', 'redrive', {}, '`by` is missing'],
    ['quarantine', 'redrive', 'now', 'expected one JSON object with by'],
    ['quarantine', 'discard', { by: 'ada' }, '`reason` is missing'],
  ])('%s %s at the wrong time or with a wrong value: %j', async (type, name, message, sentence) => {
    const handle = await opened(type);
    await expect(handle.executeUpdate(name, { args: [message] })).rejects.toMatchObject({
      cause: { message: sentence },
    });
    await handle.terminate();
  });

  test('extendDeadline and discard once it is cancelled', async () => {
    for (const [type, name, message] of [
      ['recertification', 'extendDeadline', { by: 'ada', reason: 'x', deadline: ahead(50) }],
      ['quarantine', 'discard', { by: 'ada', reason: 'noise' }],
    ] as const) {
      const handle = await opened(type);
      const closing = later(undefined);
      world.fake('closeWorkflow', closing.answer);
      await handle.signal('cancel', { reason: 'a mistake', by: 'ada' });
      await world.until(handle, ({ phase }) => phase === 'undoing');
      await expect(handle.executeUpdate(name, { args: [message] })).rejects.toMatchObject({
        cause: { message: 'it is cancelled' },
      });
      closing.letGo();
      await handle.result();
    }
  });
});

/** It may have ended by what it was sent. */
const terminate = (handle: WorkflowHandle) => handle.terminate().catch(unlessClosed);

const timesHeard = ({ history }: ProcessState, { name, by }: Message): number =>
  history.filter((entry) => entry.by === by && (entry.what === name || entry.what.startsWith('hired again'))).length;

describe('a signal is handled once', () => {
  /** How often each of the messages is in the history of its own workflow, once it is there. */
  async function heardOf(begun: readonly (readonly [Message, WorkflowHandle])[]): Promise<unknown> {
    const counts = begun.map(async ([message, handle]) => {
      await world.until(handle, (state) => timesHeard(state, message) > 0);
      return [message.name, message.type, timesHeard(await world.state(handle), message)];
    });
    return Promise.all(counts);
  }

  const beginAll = () => Promise.all(SIGNALS.map(async (message) => [message, await begin(message.type)] as const));
  const sendAll = (begun: readonly (readonly [Message, WorkflowHandle])[], times: number) =>
    Promise.all(
      begun.flatMap(([{ name, good }, handle]) => Array.from({ length: times }, () => handle.signal(name, good))),
    );
  const once = SIGNALS.map(({ name, type }) => [name, type, 1]);

  test('that came twice before the first task', async () => {
    await world.stopWorkers();
    const begun = await beginAll();
    await sendAll(begun, 1);
    await sendAll(begun, 1);
    await world.startWorkers();
    expect(await heardOf(begun)).toEqual(once);
    for (const [, handle] of begun) await terminate(handle);
  });

  test('that came many times at once while the ledger was asked', async () => {
    const recording = later(recorded());
    world.fake('recordEvent', recording.answer);
    const begun = await beginAll();
    await sendAll(begun, 5);
    expect(await heardOf(begun)).toEqual(once);
    recording.letGo();
    for (const [, handle] of begun) await world.until(handle, ({ phase }) => phase !== 'working');
    expect(await heardOf(begun)).toEqual(once);
    for (const [, handle] of begun) await terminate(handle);
  });

  test('cancel while a step runs: it is undone, once', async () => {
    const joining = later('done' as const);
    world.fake('joinGroup', joining.answer);
    const handle = await begin('recertification');
    await world.until(handle, stepIs('joinRecertificationRequired', 'running'));
    const cancel = () => handle.signal('cancel', { reason: 'a mistake', by: 'ada' });
    await Promise.all([cancel(), cancel(), cancel()]);
    joining.letGo();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.callsOf('restoreUser', handle)).toHaveLength(1);
    const { history } = await world.state(handle);
    expect(history).toMatchObject([{ what: 'cancel', by: 'ada', reason: 'a mistake' }]);
  });
});

async function parked(): Promise<WorkflowHandle> {
  world.fake('joinGroup', rejected('identity answered 403'));
  const handle = await begin('recertification');
  await world.until(handle, stepIs('joinRecertificationRequired', 'parked'));
  await world.until(handle, () => world.notifications(handle).some(({ kind }) => kind === 'parked'));
  return handle;
}

const step = 'joinRecertificationRequired';
const update = (handle: WorkflowHandle, name: string, message: object) =>
  handle.executeUpdate<ProcessState, [object]>(name, { args: [message] });

describe('an update is done once', () => {
  test('retryStep, several at once', async () => {
    const handle = await parked();
    world.fake('joinGroup');
    const message = { step, by: 'ada', reason: 'a new token' };
    const retries = Array.from({ length: 5 }, () => update(handle, 'retryStep', message));
    const settled = await Promise.allSettled(retries);
    expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true);
    const { history } = await world.until(handle, stepIs('notifyManager', 'done'));
    expect(history.filter(({ what }) => what === `retryStep ${step}`)).toMatchObject([{ reason: 'a new token' }]);
    expect(world.callsOf('joinGroup', handle)).toHaveLength(2);
    await expect(update(handle, 'retryStep', { step, by: 'ada' })).rejects.toMatchObject({
      cause: { message: 'no step is parked' },
    });
    await handle.terminate();
  });

  test('skipStep of another name, and with space around it', async () => {
    const handle = await parked();
    for (const name of ['notifyManager', ` ${step} `])
      await expect(update(handle, 'skipStep', { step: name, by: 'ada', reason: 'x' })).rejects.toMatchObject({
        cause: { message: `this step is not parked; parked: ${step}` },
      });
    await update(handle, 'skipStep', { step, by: 'ada', reason: 'by hand' });
    const { steps } = await world.until(handle, stepIs('notifyManager', 'done'));
    expect(steps.find((each) => each.step === step)).toMatchObject({ status: 'skipped', detail: 'by ada: by hand' });
    await handle.terminate();
  });

  test('extendDeadline, several at once, with space around the date, and before the first task', async () => {
    await world.stopWorkers();
    const handle = await begin('recertification');
    const deadline = ahead(90);
    const extend = () => update(handle, 'extendDeadline', { deadline: ` ${deadline} `, by: 'ada', reason: 'leave' });
    const early = [extend(), extend(), extend()];
    await world.startWorkers();
    const states = [...(await Promise.all(early)), await extend()];
    expect(states.at(-1)?.history).toMatchObject([
      { what: `extendDeadline to ${deadline}`, by: 'ada', reason: 'leave' },
    ]);
    await world.until(handle, ({ deadline: due }) => due === deadline);
    await handle.terminate();
  });

  test('identify, several at once', async () => {
    world.fake('findLearner', null);
    const handle = await begin('recertification');
    await world.until(handle, stepIs('findAddress', 'parked'));
    world.fake('findLearner');
    const request = { email: ' rita@example.com', by: 'ada' };
    const settled = await Promise.allSettled([1, 2, 3].map(() => update(handle, 'identify', request)));
    expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true);
    await world.until(handle, stepIs('notifyManager', 'done'));
    expect(world.notifications(handle).filter(({ kind }) => kind === 'recertify')).toHaveLength(1);
    expect(world.callsOf('setLearnerEmail', handle)[0]?.args).toEqual([{ userId: 'u1', email: 'rita@example.com' }]);
    await handle.terminate();
  });

  test('discard, several at once', async () => {
    const handle = await opened('quarantine');
    const discards = [1, 2, 3].map(() => update(handle, 'discard', { by: 'ada', reason: 'noise' }));
    const settled = await Promise.allSettled(discards);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
    const { history } = await world.state(handle);
    expect(history).toMatchObject([{ what: 'discard', by: 'ada', reason: 'noise' }]);
  });
});

describe('after a workflow has ended', () => {
  test('every message is an error of the client, and the state stays to be asked for', async () => {
    const handle = await opened('quarantine');
    await update(handle, 'discard', { by: 'ada', reason: 'noise' });
    await handle.result();
    const ended = await world.state(handle);
    const calls = world.calls.length;
    for (const { name, good } of SIGNALS)
      await expect(handle.signal(name, good)).rejects.toMatchObject({ name: 'WorkflowNotFoundError' });
    for (const { name, good } of UPDATES)
      await expect(update(handle, name, good)).rejects.toMatchObject({ name: 'WorkflowNotFoundError' });
    expect(await world.state(handle)).toEqual(ended);
    expect(ended).toMatchObject({ phase: 'done', outcome: 'discarded', waitingFor: null });
    expect(world.calls).toHaveLength(calls);
  });
});

describe('a process whose history is long', () => {
  test('loses no message that comes while it goes on in a new run', async () => {
    const handle = await opened('recertification');
    const { deadline } = await world.state(handle);
    const now = world.handleOf(handle.workflowId);
    const { runId } = await now.describe();
    const taken: string[] = [];
    let sent = 0;
    const extendOnce = async (reason: string): Promise<void> => {
      sent += 1;
      // One that meets the end of its run may be answered with an error: then its sender knows that it was not taken.
      const answer = await extend(now, Date.parse(deadline ?? '') + sent * HOUR, reason).catch(() => undefined);
      if (answer !== undefined) taken.push(reason);
    };
    while ((await now.describe()).runId === runId) {
      const batch = [extendOnce(`no. ${sent}a`), extendOnce(`no. ${sent}b`)];
      await Promise.all([...batch, ...Array.from({ length: 10 }, () => now.signal('cancel', { by: 'noise' }))]);
    }
    const { history, deadline: moved } = await world.state(now);
    const reasons = history.filter(({ by }) => by === 'ada').map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(taken));
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(moved).not.toBe(deadline);
    await now.terminate();
  });
});

describe('a bug of the workflow’s own code', () => {
  test('fails its task, which is tried again; the workflow does not fail', async () => {
    const handle = await world.client.workflow.start('recertification', {
      taskQueue: TASK_QUEUE,
      workflowId: 'broken',
      args: [{ eventId: 'broken' }, {}],
    });
    // Some more of these, a minute in all, and Temporal sets `TemporalReportedProblems`, to search for.
    const trace = await world.seen(handle, 'has a task that failed', async () => {
      const { events } = await handle.fetchHistory();
      return events?.flatMap((event) => event.workflowTaskFailedEventAttributes?.failure?.stackTrace ?? [])[0];
    });
    expect(trace).toContain('TypeError');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
  });
});
