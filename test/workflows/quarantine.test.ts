import { ApplicationFailure, RawValue } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import type { Problem } from '../../src/events';
import { TASK_QUEUE } from '../../src/temporal';
import { dataOf, deliveryOf, envelopeOf } from '../events/deliveries';
import { inTurn, later } from './fakes';
import { cancel, discard, redrive } from './operator';
import { end, stepIs, useWorld } from './world';

const world = useWorld();

const hire = dataOf('user.provisioned');
const progress = dataOf('module.progress');

async function waiting(data: object = { userId: 'u1' }): Promise<WorkflowHandle> {
  const handle = await world.send('unknown.event', { data });
  await world.until(handle, ({ phase }) => phase === 'waiting');
  return handle;
}

/** Read again, the body is a hire, whose workflow waits; by default it is progress, whose workflow ends. */
function readsAsHire(): void {
  world.fake('rereadEnvelope', { workflowType: 'onboarding', event: 'user.provisioned', data: hire });
}

function refusesToRead(message: string): void {
  world.fake(
    'rereadEnvelope',
    ApplicationFailure.create({ type: 'quarantine.unreadable', message, nonRetryable: true }),
  );
}

async function onboardingOf(handle: WorkflowHandle): Promise<WorkflowHandle> {
  const now = world.handleOf(handle.workflowId);
  await world.goneOnAs(now, 'onboarding');
  await world.until(now, stepIs('welcome', 'done'));
  return now;
}

const read = () => world.callsOf('rereadEnvelope').map(({ args }) => args[0]);
const receipts = () => world.callsOf('recordEvent').map(({ args }) => args[0].receipt);

describe('quarantine', () => {
  test('records the receipt without a fact, says why, and waits for a person', async () => {
    const handle = await waiting();
    expect(world.callsOf('recordEvent')[0]?.args[0]).toMatchObject({
      receipt: { eventId: handle.workflowId, event: 'unknown.event' },
      fact: null,
    });
    expect(await world.state(handle)).toMatchObject({
      phase: 'waiting',
      waitingFor: 'redrive or discard by a person',
      deadline: null,
    });
    await end(handle);
  });

  test('discard ends it and is written down', async () => {
    const handle = await waiting();
    const state = await discard(handle);
    expect(state.history).toMatchObject([{ what: 'discard', by: 'ada', reason: 'noise' }]);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
    expect(world.callsOf('closeWorkflow')[0]?.args[0]).toMatchObject({ outcome: 'discarded' });
  });

  test('cancel ends it as cancelled', async () => {
    const handle = await waiting();
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
  });
});

describe('quarantine that is redriven', () => {
  test('goes on as the workflow of its event, under its own id and first run id', async () => {
    readsAsHire();
    const handle = await waiting(hire);
    const { runId: firstRunId } = await handle.describe();
    const state = await redrive(handle);
    expect(state.history).toMatchObject([{ what: 'redrive as onboarding', by: 'ada', reason: null }]);
    const now = await onboardingOf(handle);
    const { type, runId } = await now.describe();
    expect(type).toBe('onboarding');
    expect(runId).not.toBe(firstRunId);
    const [first, second] = receipts();
    expect(second).toEqual({ ...first, event: 'user.provisioned' });
    expect(second).toMatchObject({ workflowId: handle.workflowId, firstRunId });
    expect(world.callsOf('recordEvent')[1]?.args[0].fact).toMatchObject({ kind: 'provisioned', userId: 'u1' });
    expect(world.callsOf('closeWorkflow')).toEqual([]);
    // From now on its event's own workflow answers.
    await expect(redrive(now)).rejects.toThrow('Workflow Update failed');
    expect((await world.state(now)).phase).toBe('waiting');
    await end(now);
  });

  test('the run that it begins keeps who ran it and what they corrected, and no value of it', async () => {
    readsAsHire();
    const handle = await waiting({ ...hire, email: 'not an address' });
    await redrive(handle, { data: hire });
    const now = await onboardingOf(handle);
    const { history } = await world.state(now);
    expect(history[0]).toMatchObject({
      what: 'redrive, corrected: data.email',
      by: 'ada',
      reason: expect.any(String) as string,
    });
    expect(JSON.stringify(history)).not.toContain('not an address');
    await end(now);
  });

  const whole = envelopeOf('module.progress', progress);
  test.each<[string, object, unknown, string | null, object]>([
    ['the body as it came', progress, undefined, null, envelopeOf('unknown.event', progress)],
    ['data in place of the event’s data', { userId: 1 }, progress, 'corrected', envelopeOf('unknown.event', progress)],
    ['a whole envelope in place of all of it', { userId: 1 }, whole, 'corrected', whole],
  ])('has %s read', async (_claim, sent, data, reason, expected) => {
    const handle = await waiting(sent);
    const state = await redrive(handle, data === undefined ? {} : { data });
    expect(state.history.at(-1)).toMatchObject({ reason });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(read()).toEqual([expected]);
  });

  test('what stays unreadable is refused with the reader’s sentence, and it waits on', async () => {
    refusesToRead('No event of this name is known.');
    const handle = await waiting();
    await expect(redrive(handle)).rejects.toMatchObject({ cause: { message: 'No event of this name is known.' } });
    expect(await world.state(handle)).toMatchObject({ phase: 'waiting', history: [] });
    world.fake('rereadEnvelope');
    await redrive(handle, { data: progress });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('a body that is not JSON is kept byte for byte, and corrected by a whole envelope', async () => {
    const bytes = new Uint8Array([0x7b, 0xff, 0x00, 0x0a]);
    const handle = await startRaw(bytes);
    refusesToRead('The body is not JSON.');
    await expect(redrive(handle)).rejects.toMatchObject({ cause: { message: 'The body is not JSON.' } });
    expect(read().map((body) => Array.from(body as Uint8Array))).toEqual([[...bytes]]);
    world.fake('rereadEnvelope');
    await redrive(handle, { data: whole });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(read().at(-1)).toEqual(whole);
  });

  test('a megabyte of 1e20 is read again, and goes on as it came', async () => {
    const extra = Array<number>(190_000).fill(1e20);
    const text = `{"event":"unknown.event","data":{"userId":"u1","x":[${extra.map(() => '1e20').join(',')}]},"companyId":"acme"}`;
    const handle = await startRaw(Buffer.from(text), 'json/plain');
    readsAsHire();
    await redrive(handle);
    const now = await onboardingOf(handle);
    expect(read()).toEqual([JSON.parse(text)]);
    const history = await now.fetchHistory();
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    expect(Buffer.from(started?.input?.payloads?.[1]?.data ?? []).toString()).toBe(text);
    await end(now);
  });

  test.each<[string, unknown, string]>([
    ['is nested too deep', JSON.parse(`${'['.repeat(1000)}${']'.repeat(1000)}`), '`data` is nested more than 256 deep'],
    ['is too long', { x: 'x'.repeat(1_100_000) }, 'the corrected body is longer than 1 MiB'],
  ])('data that %s is refused: the run could never go on', async (_what, data, message) => {
    const handle = await waiting();
    await expect(redrive(handle, { data })).rejects.toMatchObject({ cause: { message } });
    expect(read()).toEqual([]);
    await end(handle);
  });

  test('a decision is made once', async () => {
    const reading = later({ workflowType: 'moduleProgress', event: 'module.progress', data: progress });
    world.fake('rereadEnvelope', reading.answer);
    const handle = await waiting(progress);
    const first = redrive(handle);
    await world.until(handle, () => read().length === 1);
    await world.atOnce(() => discard(handle));
    reading.letGo();
    await expect(first).rejects.toMatchObject({ cause: { message: 'it is decided already' } });
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });
});

describe('quarantine of a delivery that contradicts another of its event id', () => {
  const conflict: Problem = { kind: 'conflict', detail: 'Another delivery of this event id stands.' };
  const contradicts = (data: object = hire, event = 'user.provisioned') =>
    world.send(event, { data, problem: conflict });

  test('is written down beside the first, and waits for a person when that stands', async () => {
    const handle = await contradicts();
    const state = await world.until(handle, ({ history }) => history.length > 0);
    expect(state.history).toMatchObject([{ what: 'the first delivery of the event id stands', by: 'mindtickle' }]);
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'redrive or discard by a person' });
    expect(receipts()).toMatchObject([{ eventId: handle.workflowId, isConflict: true }]);
    const { runId } = await handle.describe();
    expect(world.callsOf('resolveConflict').map(({ args }) => args[0])).toMatchObject([
      { eventId: handle.workflowId, run: { workflowId: handle.workflowId, firstRunId: runId } },
    ]);
    await discard(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });

  test('goes on by itself as its event when the first one turns out to be a replay', async () => {
    readsAsHire();
    world.fake('resolveConflict', inTurn('unknown', 'unknown', 'free'));
    const handle = await contradicts();
    const now = await onboardingOf(handle);
    expect(world.callsOf('resolveConflict')).toHaveLength(3);
    expect(receipts().at(-1)).toMatchObject({ eventId: handle.workflowId, event: 'user.provisioned' });
    expect(receipts().at(-1)).not.toHaveProperty('isConflict');
    await end(now);
  });

  test('asks until it knows, less and less often', async () => {
    world.fake('resolveConflict', () => (world.callsOf('resolveConflict').length < 20 ? 'unknown' : 'free'));
    const handle = await contradicts(progress);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const asked = world.callsOf('resolveConflict').map(({ at }) => at);
    const seconds = asked.slice(1).map((at, index) => Math.round((at - (asked[index] ?? NaN)) / 1000));
    expect(seconds.slice(0, 2)).toEqual([1, 2]);
    expect(seconds.at(-1)).toBe(86_400);
  });

  test('that cannot be read when it is free waits for a person, who runs it under the event’s id', async () => {
    world.fake('resolveConflict', 'free');
    refusesToRead('`data.userId` is missing');
    const handle = await contradicts();
    const state = await world.until(handle, ({ history }) => history.length > 1);
    expect(state.history.at(-1)).toMatchObject({ what: 'it cannot be read', reason: '`data.userId` is missing' });
    expect(state).toMatchObject({ phase: 'waiting', waitingFor: 'redrive or discard by a person' });
    world.fake('rereadEnvelope');
    await redrive(handle, { data: progress });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('that a person runs though the first stands keeps an id of its own', async () => {
    const handle = await startAs('conflict:e-1:ab', { eventId: 'e-1', problem: conflict });
    await world.until(handle, ({ history }) => history.length > 0);
    await redrive(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(receipts()).toMatchObject([
      { eventId: 'conflict:e-1:ab', isConflict: true },
      { eventId: 'conflict:e-1:ab', event: 'module.progress' },
    ]);
  });

  test('that is free runs under the event’s id', async () => {
    world.fake('resolveConflict', 'free');
    const handle = await startAs('conflict:e-2:ab', { eventId: 'e-2', problem: conflict });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(receipts().at(-1)).toMatchObject({ eventId: 'e-2', workflowId: 'conflict:e-2:ab' });
  });

  test('that is itself a replay ends as that', async () => {
    world.fake('recordEvent', { outcome: 'replayed', first: 'captured' });
    const handle = await contradicts();
    await expect(handle.result()).resolves.toEqual({ outcome: 'replayed', first: 'captured' });
    expect(world.callsOf('resolveConflict')).toEqual([]);
  });

  test('is discarded while it still asks', async () => {
    world.fake('resolveConflict', 'unknown');
    const handle = await contradicts();
    const state = await world.until(handle, ({ phase }) => phase === 'waiting');
    expect(state.waitingFor).toBe(
      'what became of the first delivery of its event id; or redrive or discard by a person',
    );
    await discard(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });
});

/** As the receiver starts it for a delivery that contradicts another one, or that it cannot parse. */
async function startAs(
  workflowId: string,
  { eventId, problem }: { readonly eventId: string; readonly problem: Problem },
  body: unknown = envelopeOf('module.progress', progress),
): Promise<WorkflowHandle> {
  const event = problem.kind === 'not-json' ? null : 'module.progress';
  const delivery = deliveryOf(eventId, { event }, { at: await world.now(), problem });
  return world.client.workflow.start('quarantine', { taskQueue: TASK_QUEUE, workflowId, args: [delivery, body] });
}

async function startRaw(data: Uint8Array, encodedAs = 'binary/plain'): Promise<WorkflowHandle> {
  const encoding = new TextEncoder().encode(encodedAs);
  const problem: Problem = { kind: 'not-json', detail: 'The body is not JSON.' };
  const raw = RawValue.fromPayload({ metadata: { encoding }, data });
  const handle = await startAs('not-json-1', { eventId: 'not-json-1', problem }, raw);
  await world.until(handle, ({ phase }) => phase === 'waiting');
  return handle;
}
