import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { DAY, isoTime } from '../../src/domain';
import type { ProcessState } from '../../workflows/messages';
import { openDevWorld, type DevWorld, type Working } from './dev-world';
import { rejected, stepIs } from './old-world';

let world: DevWorld;
let working: Working;
beforeAll(async () => {
  world = await openDevWorld();
  working = await world.work();
});
afterAll(async () => {
  await working.stop();
  await world.stop();
});
beforeEach(() => world.answers.clear());

const ahead = (days: number): string => isoTime(Date.now() + days * DAY);
const expired = () => ({ userId: 'u1', certName: 'Sales', expiredAt: ahead(-1), renewalDeadline: ahead(40) });
const failedQuiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 2, maxScore: 10, passed: false };
const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };
const leaver = () => ({ userId: 'u1', email: 'rita@example.com', reason: 'left', deprovisionedAt: ahead(-1) });

/** Each type, what it begins with, and the step after which it waits for people with nothing under way. */
const TYPES = {
  recertification: { data: expired, isOpen: stepIs('tellManager', 'done') },
  quizCoaching: { data: () => failedQuiz, isOpen: stepIs('tellManager', 'done') },
  onboarding: { data: () => hire, isOpen: stepIs('welcome', 'done') },
  offboarding: { data: leaver, isOpen: ({ phase }: ProcessState) => phase === 'waiting' },
  quarantine: { data: () => ({ userId: 'u1' }), isOpen: ({ phase }: ProcessState) => phase === 'waiting' },
} as const;
type Type = keyof typeof TYPES;

const begin = (type: Type): Promise<WorkflowHandle> => world.begin(type, TYPES[type].data());
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
  return [undefined, null, 7, 'now', [], {}, rest, { ...good, [first]: 7 }, { ...good, [first]: ' ' }, [good]];
}

const ignoredOf = (name: string, { history }: ProcessState): number =>
  history.filter(({ what, by, reason }) => what === `${name} ignored` && by === 'unknown' && reason !== null).length;

describe('a malformed signal is written down and ignored', () => {
  test.each(table(SIGNALS))('%s', async (_claim, { type, name, good }) => {
    const handle = await opened(type);
    const before = await world.state(handle);
    const junk = malformed(good);
    for (const message of junk) await handle.signal(name, message);
    await handle.signal(name);
    await handle.signal(name, 'x', good);
    await signalRaw(handle, name, [undecodable]);
    await signalRaw(
      handle,
      name,
      Array.from({ length: 9 }, () => undecodable),
    );
    const wanted = junk.length + 4;
    const after = await world.until(handle, (state) => ignoredOf(name, state) >= wanted);
    expect(after).toEqual({ ...before, history: after.history });
    expect(after.history.length - before.history.length).toBe(wanted);
    await handle.terminate();
  });
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

  test.each<[Type, string, object, string]>([
    ['recertification', 'retryStep', { by: 'ada', step: 'x' }, 'no step is parked'],
    ['recertification', 'skipStep', { by: 'ada', step: 'x', reason: 'y' }, 'no step is parked'],
    ['recertification', 'identify', { by: 'ada', email: 'rita@example.com' }, 'no address is missing'],
    ['recertification', 'identify', { by: 'ada', email: 'nobody' }, '`email` must be an e-mail address'],
    [
      'recertification',
      'extendDeadline',
      { by: 'ada', reason: 'x', deadline: '2001-01-01' },
      '`deadline` must be ahead of now',
    ],
    [
      'recertification',
      'extendDeadline',
      { by: 'ada', reason: 'x', deadline: '2126-01-01' },
      '`deadline` must be within ten years',
    ],
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
      const letGo = hold('closeWorkflow');
      await handle.signal('cancel', { reason: 'a mistake', by: 'ada' });
      await world.until(handle, ({ phase }) => phase === 'undoing');
      await expect(handle.executeUpdate(name, { args: [message] })).rejects.toMatchObject({
        cause: { message: 'it is cancelled' },
      });
      letGo();
      await handle.result();
    }
  });
});

/** The activity does not answer before this is called. */
function hold(activity: string, answer: unknown = 'done'): () => void {
  let letGo: () => void = () => undefined;
  const held = new Promise((resolve) => (letGo = () => resolve(answer)));
  world.answers.set(activity, () => held);
  return letGo;
}

/** It may have ended by what it was told. */
async function dropped(handle: WorkflowHandle): Promise<void> {
  await handle.terminate().catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
}

const NEW = { outcome: 'new', answer: {}, settledBy: null, settles: [] };
const heard = ({ history }: ProcessState, { name, by }: Message): number =>
  history.filter((entry) => entry.by === by && (entry.what === name || entry.what.startsWith('hired again'))).length;

describe('a signal is heard once', () => {
  /** How often each of the messages stands in the history of its own workflow, once it is there. */
  async function heardOf(begun: readonly (readonly [Message, WorkflowHandle])[]): Promise<unknown> {
    const counts = begun.map(async ([message, handle]) => {
      await world.until(handle, (state) => heard(state, message) > 0);
      return [message.name, message.type, heard(await world.state(handle), message)];
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
    await working.stop();
    const begun = await beginAll();
    await sendAll(begun, 1);
    await sendAll(begun, 1);
    working = await world.work();
    expect(await heardOf(begun)).toEqual(once);
    for (const [, handle] of begun) await dropped(handle);
  });

  test('that came many times at once while the ledger was asked', async () => {
    const letGo = hold('recordEvent', NEW);
    const begun = await beginAll();
    await sendAll(begun, 5);
    expect(await heardOf(begun)).toEqual(once);
    letGo();
    for (const [, handle] of begun) await world.until(handle, ({ phase }) => phase !== 'working');
    expect(await heardOf(begun)).toEqual(once);
    for (const [, handle] of begun) await dropped(handle);
  });

  test('cancel while a step runs: it is undone, once', async () => {
    const letGo = hold('joinGroup');
    const handle = await begin('recertification');
    await world.until(handle, stepIs('joinRecertificationRequired', 'running'));
    const cancel = () => handle.signal('cancel', { reason: 'a mistake', by: 'ada' });
    await Promise.all([cancel(), cancel(), cancel()]);
    letGo();
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.named(handle, 'restore')).toHaveLength(1);
    expect(world.named(handle, 'sendLetter')).toEqual([]);
    const { history } = await world.state(handle);
    expect(history).toMatchObject([{ what: 'cancel', by: 'ada', reason: 'a mistake' }]);
  });
});

async function parked(): Promise<WorkflowHandle> {
  world.answers.set('joinGroup', () => {
    throw rejected('identity answered 403');
  });
  const handle = await begin('recertification');
  await world.until(handle, stepIs('joinRecertificationRequired', 'parked'));
  await world.until(handle, () => world.letters(handle).includes('parked'));
  return handle;
}

const step = 'joinRecertificationRequired';
const update = (handle: WorkflowHandle, name: string, message: object) =>
  handle.executeUpdate<ProcessState, [object]>(name, { args: [message] });

describe('an update is done once', () => {
  test('retryStep, several at once', async () => {
    const handle = await parked();
    world.answers.delete('joinGroup');
    const retries = Array.from({ length: 5 }, () => update(handle, 'retryStep', { step, by: 'ada' }));
    const settled = await Promise.allSettled(retries);
    expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true);
    const { history } = await world.until(handle, stepIs('tellManager', 'done'));
    expect(history.filter(({ what }) => what === `retryStep ${step}`)).toHaveLength(1);
    expect(world.named(handle, 'joinGroup')).toHaveLength(2);
    await expect(update(handle, 'retryStep', { step, by: 'ada' })).rejects.toMatchObject({
      cause: { message: 'no step is parked' },
    });
    await handle.terminate();
  });

  test('skipStep of another name, and with space around it', async () => {
    const handle = await parked();
    for (const name of ['tellManager', ` ${step} `])
      await expect(update(handle, 'skipStep', { step: name, by: 'ada', reason: 'x' })).rejects.toMatchObject({
        cause: { message: `this step is not parked; parked: ${step}` },
      });
    await update(handle, 'skipStep', { step, by: 'ada', reason: 'by hand' });
    const { steps } = await world.until(handle, stepIs('tellManager', 'done'));
    expect(steps.find(({ name }) => name === step)).toMatchObject({ status: 'skipped', detail: 'by ada: by hand' });
    await handle.terminate();
  });

  test('extendDeadline, several at once, with space around the date, and before the first task', async () => {
    await working.stop();
    const handle = await begin('recertification');
    const deadline = ahead(90);
    const extend = () => update(handle, 'extendDeadline', { deadline: ` ${deadline} `, by: 'ada', reason: 'leave' });
    const early = [extend(), extend(), extend()];
    working = await world.work();
    const states = [...(await Promise.all(early)), await extend()];
    expect(states.at(-1)?.history).toMatchObject([
      { what: `extendDeadline to ${deadline}`, by: 'ada', reason: 'leave' },
    ]);
    await world.until(handle, ({ deadline: due }) => due === deadline);
    await handle.terminate();
  });

  test('identify, several at once', async () => {
    world.answers.set('findLearner', () => null);
    const handle = await begin('recertification');
    await world.until(handle, stepIs('findAddress', 'parked'));
    world.answers.delete('findLearner');
    const request = { email: ' rita@example.com', by: 'ada' };
    const settled = await Promise.allSettled([1, 2, 3].map(() => update(handle, 'identify', request)));
    expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true);
    await world.until(handle, stepIs('tellManager', 'done'));
    expect(world.letters(handle).filter((kind) => kind === 'recertify')).toHaveLength(1);
    expect(world.named(handle, 'identifyLearner')[0]?.args).toEqual([{ userId: 'u1', email: 'rita@example.com' }]);
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

describe("a workflow's page in Temporal Web UI", () => {
  const details = async (handle: WorkflowHandle): Promise<string> =>
    (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;

  test('shows who asked for what and why, on one line and without links', async () => {
    const handle = await opened('recertification');
    const reason = 'on leave\n- 2026-01-01T00:00:00Z cancel, by root ![x](http://example.com/x.png)';
    await handle.signal('escalate', { reason, by: 'ada' });
    await world.until(handle, ({ history }) => history.some(({ what }) => what.startsWith('notified the')));
    await update(handle, 'extendDeadline', { deadline: ahead(90), by: 'bob', reason: 'parental leave' });
    const page = await details(handle);
    expect(page).toMatch(/^- \S+ escalate, by ada: on leave - 2026-01-01T00:00:00Z cancel, by root !\\\[x\\\]\(/m);
    expect(page).toMatch(/^- \S+ extendDeadline to \S+, by bob: parental leave$/m);
    expect(page).toContain('- update `extendDeadline` `{ deadline, by, reason }`: move the deadline (ISO 8601)');
    await handle.terminate();
  });
});
