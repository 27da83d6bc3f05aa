import { RawValue } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/activity';
import type { Delivery, Problem } from '../../src/events';
import { cancelSignal, discardUpdate, redriveUpdate, stateQuery, type RedriveRequest } from '../../workflows/messages';
import { end, openWorld, stepIs, type World } from './old-world';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

const unknownEvent: Problem = { kind: 'unknown-event', detail: 'No event of this name is known.' };
const progress = { userId: 'u1', moduleName: 'Objections', moduleId: 'm1', progressPct: 40, timeSpentSec: 60 };
const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };

async function waiting(data: object, problem: Problem = unknownEvent): Promise<WorkflowHandle> {
  const handle = await world.start('quarantine', data, { event: 'badge.awarded', problem });
  await world.until(handle, ({ phase }) => phase === 'waiting');
  return handle;
}

/** What the worker's reader answers from now on: the body is an event of this type. */
function readsAs(workflowType: string, event: string, data: object): void {
  const envelope = { event, data, companyId: 'acme' };
  world.answers.set('rereadEnvelope', () => ({ workflowType, event, envelope }));
}

function refusesToRead(why: string): void {
  world.answers.set('rereadEnvelope', () => {
    throw ApplicationFailure.create({ type: 'quarantine.unreadable', message: why, nonRetryable: true });
  });
}

const redrive = (handle: WorkflowHandle, request: Partial<RedriveRequest> = {}) =>
  handle.executeUpdate(redriveUpdate, { args: [{ by: 'ada', ...request }] });
const discard = (handle: WorkflowHandle) =>
  handle.executeUpdate(discardUpdate, { args: [{ by: 'ada', reason: 'noise' }] });
const runIdOf = async (handle: WorkflowHandle) => (await handle.describe()).runId;

describe('quarantine', () => {
  test('records the receipt without a fact, says why, and waits for a person', async () => {
    const handle = await waiting({ userId: 'u1' });
    expect(world.named('recordEvent')[0]?.args[0]).toMatchObject({
      receipt: { eventId: handle.workflowId, event: 'badge.awarded' },
      fact: null,
    });
    expect(await world.state(handle)).toMatchObject({
      phase: 'waiting',
      waitingFor: 'redrive or discard by a person',
      deadline: null,
    });
    await discard(handle);
    await handle.result();
  });

  test('discard ends it and is written down', async () => {
    const handle = await waiting({ userId: 'u1' });
    const state = await discard(handle);
    expect(state.history).toMatchObject([{ what: 'discard', by: 'ada', reason: 'noise' }]);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
    expect(world.named('closeWorkflow')[0]?.args[0]).toMatchObject({ outcome: 'discarded' });
  });

  test('cancel ends it as cancelled', async () => {
    const handle = await waiting({ userId: 'u1' });
    await handle.signal(cancelSignal, { reason: 'not ours', by: 'ada' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
  });

  test.each(['duplicate', 'replayed'])('a %s ends at once', async (outcome) => {
    world.answers.set('recordEvent', () => ({ outcome, first: 'e0' }));
    const handle = await world.start('quarantine', {}, { event: 'badge.awarded', problem: unknownEvent });
    await expect(handle.result()).resolves.toEqual({ outcome, first: 'e0' });
  });
});

describe('quarantine that is redriven', () => {
  test('goes on as the workflow of its event, under its own id and first run id', async () => {
    readsAs('onboarding', 'user.provisioned', hire);
    const handle = await waiting(hire);
    const firstRunId = await runIdOf(handle);
    const state = await redrive(handle);
    expect(state.history).toMatchObject([{ what: 'redrive as onboarding', by: 'ada', reason: null }]);
    const now = world.env.client.workflow.getHandle(handle.workflowId);
    await world.goneOnAs(now, 'onboarding');
    await world.until(now, stepIs('welcome', 'done'));
    const { type, runId } = await now.describe();
    expect(type).toBe('onboarding');
    expect(runId).not.toBe(firstRunId);
    const [first, second] = world
      .named('recordEvent')
      .map(({ args }) => args[0] as { receipt: Delivery; fact: unknown });
    expect(second?.receipt).toEqual({ ...first?.receipt, event: 'user.provisioned' });
    expect(second?.receipt).toMatchObject({ workflowId: handle.workflowId, firstRunId });
    expect(second?.fact).toMatchObject({ kind: 'provisioned', userId: 'u1' });
    expect(world.named('closeWorkflow')).toEqual([]);
    await end(now);
  });

  test('has the body as it came read again', async () => {
    readsAs('moduleProgress', 'module.progress', progress);
    const handle = await waiting(progress);
    await redrive(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('rereadEnvelope')[0]?.args).toEqual([
      { event: 'badge.awarded', data: progress, companyId: 'acme' },
    ]);
  });

  test.each<[string, unknown, unknown]>([
    ['data alone replaces the event’s data', progress, { event: 'badge.awarded', data: progress, companyId: 'acme' }],
    [
      'a whole envelope replaces all of it',
      { event: 'module.progress', data: progress, companyId: 'acme' },
      { event: 'module.progress', data: progress, companyId: 'acme' },
    ],
  ])('corrected: %s', async (_claim, data, read) => {
    readsAs('moduleProgress', 'module.progress', progress);
    const handle = await waiting({ userId: 1 });
    const state = await redrive(handle, { data });
    expect(state.history.at(-1)).toMatchObject({ reason: 'corrected' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('rereadEnvelope').map(({ args }) => args)).toEqual([[read]]);
  });

  test('what stays unreadable is refused with the reader’s sentence, and it waits on', async () => {
    refusesToRead('No event of this name is known.');
    const handle = await waiting({ userId: 'u1' });
    await expect(redrive(handle)).rejects.toMatchObject({ cause: { message: 'No event of this name is known.' } });
    expect(await world.state(handle)).toMatchObject({ phase: 'waiting', history: [] });
    readsAs('moduleProgress', 'module.progress', progress);
    await redrive(handle, { data: progress });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('a body that is not JSON is kept byte for byte, and corrected by a whole envelope', async () => {
    const bytes = new Uint8Array([0x7b, 0xff, 0x00, 0x0a]);
    const handle = await startRaw(bytes);
    refusesToRead('The body is not JSON.');
    await expect(redrive(handle)).rejects.toMatchObject({ cause: { message: 'The body is not JSON.' } });
    expect(world.named('rereadEnvelope').map(({ args }) => Array.from(args[0] as Uint8Array))).toEqual([[...bytes]]);
    readsAs('moduleProgress', 'module.progress', progress);
    const envelope = { event: 'module.progress', data: progress, companyId: 'acme' };
    await redrive(handle, { data: envelope });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('rereadEnvelope').at(-1)?.args).toEqual([envelope]);
  });

  test('a decision is made once', async () => {
    readsAs('moduleProgress', 'module.progress', progress);
    let read: () => void = () => undefined;
    const answer = { workflowType: 'moduleProgress', event: 'module.progress', envelope: { data: progress } };
    const reading = new Promise<object>((resolve) => (read = () => resolve(answer)));
    world.answers.set('rereadEnvelope', () => reading);
    const handle = await waiting(progress);
    const first = redrive(handle);
    await world.until(handle, () => world.named('rereadEnvelope').length === 1);
    await discard(handle);
    read();
    await expect(first).rejects.toMatchObject({ cause: { message: 'it is decided already' } });
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });

  test.each<[string, unknown, string]>([
    ['nobody says who', {}, '`by` is missing'],
    ['it is no object', 'now', 'expected one JSON object with by'],
  ])('is refused with a sentence when %s', async (_claim, request, sentence) => {
    const handle = await waiting({ userId: 'u1' });
    await expect(handle.executeUpdate('redrive', { args: [request] })).rejects.toMatchObject({
      cause: { message: sentence },
    });
    await expect(handle.executeUpdate('discard', { args: [{ by: 'ada' }] })).rejects.toMatchObject({
      cause: { message: '`reason` is missing' },
    });
    await discard(handle);
    await handle.result();
  });

  test('after it has gone on, its event’s own workflow answers', async () => {
    readsAs('onboarding', 'user.provisioned', hire);
    const handle = await waiting(hire);
    await redrive(handle);
    const now = world.env.client.workflow.getHandle(handle.workflowId);
    await world.goneOnAs(now, 'onboarding');
    await world.until(now, stepIs('welcome', 'done'));
    await expect(redrive(now)).rejects.toThrow('Workflow Update failed');
    expect((await now.query(stateQuery)).phase).toBe('waiting');
    await end(now);
  });
});

describe('quarantine of a delivery that contradicts another of its event id', () => {
  const conflict: Problem = { kind: 'conflict', detail: 'Another delivery of this event id stands.' };
  const contradicts = (data: object) =>
    world.start('quarantine', data, { event: 'user.provisioned', problem: conflict });
  const receipts = () => world.named('recordEvent').map(({ args }) => (args[0] as { receipt: object }).receipt);

  test('is written down beside the first, and waits for a person when that stands', async () => {
    const handle = await contradicts(hire);
    const state = await world.until(handle, ({ history }) => history.length > 0);
    expect(state.history).toMatchObject([{ what: 'the first delivery of the event id stands', by: 'mindtickle' }]);
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'redrive or discard by a person' });
    expect(receipts()).toMatchObject([{ eventId: handle.workflowId, isConflict: true }]);
    const { runId } = await handle.describe();
    expect(world.named('settleConflict').map(({ args }) => args[0])).toMatchObject([
      { eventId: handle.workflowId, run: { workflowId: handle.workflowId, firstRunId: runId } },
    ]);
    await discard(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });

  test('goes on by itself as its event when the first one turns out to be a replay', async () => {
    readsAs('onboarding', 'user.provisioned', hire);
    const standings = ['unknown', 'unknown', 'free'];
    world.answers.set('settleConflict', () => standings.shift());
    const handle = await contradicts(hire);
    const now = world.env.client.workflow.getHandle(handle.workflowId);
    await world.goneOnAs(now, 'onboarding');
    await world.until(now, stepIs('welcome', 'done'));
    expect(standings).toEqual([]);
    expect(receipts().at(-1)).toMatchObject({ eventId: handle.workflowId, event: 'user.provisioned' });
    expect(receipts().at(-1)).not.toHaveProperty('isConflict');
    await end(now);
  });

  test('asks for as long as it takes, and ever more seldom', async () => {
    readsAs('moduleProgress', 'module.progress', progress);
    let asked = 0;
    world.answers.set('settleConflict', () => (++asked < 20 ? 'unknown' : 'free'));
    const handle = await contradicts(progress);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const [first, second, third, ...later] = world.named('settleConflict').map(({ at }) => at);
    const between = (from = 0, to = 0) => Math.round((to - from) / 1000);
    expect([between(first, second), between(second, third)]).toEqual([1, 2]);
    expect(between(later.at(-2), later.at(-1))).toBe(86_400);
  });

  test('that cannot be read when it is free waits for a person, who runs it under the event’s id', async () => {
    world.answers.set('settleConflict', () => 'free');
    refusesToRead('`data.userId` is missing');
    const handle = await contradicts({});
    const state = await world.until(handle, ({ history }) => history.length > 1);
    expect(state.history.at(-1)).toMatchObject({ what: 'it cannot be read', reason: '`data.userId` is missing' });
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'redrive or discard by a person' });
    readsAs('moduleProgress', 'module.progress', progress);
    await redrive(handle, { data: progress });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('that a person runs though the first stands keeps an id of its own', async () => {
    readsAs('moduleProgress', 'module.progress', progress);
    const handle = await startConflict('e-1', progress);
    await world.until(handle, ({ history }) => history.length > 0);
    await redrive(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(receipts()).toMatchObject([
      { eventId: 'conflict:e-1:ab', isConflict: true },
      { eventId: 'conflict:e-1:ab', event: 'module.progress' },
    ]);
  });

  test('that is free runs under the event’s id', async () => {
    readsAs('moduleProgress', 'module.progress', progress);
    world.answers.set('settleConflict', () => 'free');
    const handle = await startConflict('e-2', progress);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(receipts().at(-1)).toMatchObject({ eventId: 'e-2', workflowId: 'conflict:e-2:ab' });
  });

  test('that is itself a replay ends as that', async () => {
    world.answers.set('recordEvent', () => ({ outcome: 'replayed', first: 'captured' }));
    const handle = await contradicts(hire);
    await expect(handle.result()).resolves.toEqual({ outcome: 'replayed', first: 'captured' });
    expect(world.named('settleConflict')).toEqual([]);
  });

  test('is discarded while it still asks', async () => {
    world.answers.set('settleConflict', () => 'unknown');
    const handle = await contradicts(hire);
    const state = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(state.waitingFor).toBe(
      'what became of the first delivery of its event id; or redrive or discard by a person',
    );
    await discard(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });
});

/** As the receiver starts it for the event id. */
async function startConflict(eventId: string, data: object): Promise<WorkflowHandle> {
  const at = new Date(await world.env.currentTimeMs()).toISOString();
  const delivery: Delivery = {
    eventId,
    event: 'module.progress',
    signedAt: at,
    receivedAt: at,
    signatureDigest: 'a',
    bodyDigest: 'ab',
    problem: { kind: 'conflict', detail: 'Another delivery of this event id stands.' },
  };
  return world.env.client.workflow.start('quarantine', {
    taskQueue: 'mindtickle',
    workflowId: `conflict:${eventId}:ab`,
    args: [delivery, { event: 'module.progress', data, companyId: 'acme' }],
  });
}

/** As the receiver starts it for a body that it cannot parse. */
async function startRaw(bytes: Uint8Array): Promise<WorkflowHandle> {
  const at = new Date(await world.env.currentTimeMs()).toISOString();
  const delivery: Delivery = {
    eventId: 'not-json-1',
    event: null,
    signedAt: at,
    receivedAt: at,
    signatureDigest: 'a',
    bodyDigest: 'b',
    problem: { kind: 'not-json', detail: 'The body is not JSON.' },
  };
  const encoding = new TextEncoder().encode('binary/plain');
  const handle = await world.env.client.workflow.start('quarantine', {
    taskQueue: 'mindtickle',
    workflowId: delivery.eventId,
    args: [delivery, RawValue.fromPayload({ metadata: { encoding }, data: bytes })],
  });
  await world.until(handle, ({ phase }) => phase === 'waiting');
  return handle;
}
