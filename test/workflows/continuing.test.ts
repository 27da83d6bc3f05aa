import type { WorkflowHandle } from '@temporalio/client';
import { DAY, HOUR, isoTime } from '../../src/domain';
import {
  cancelSignal,
  coachedSignal,
  discardUpdate,
  extendDeadlineUpdate,
  recertifiedSignal,
  startedSignal,
} from '../../workflows/messages';
import { openDevWorld } from './dev-world';
import { end, openWorld, stepIs, type World } from './old-world';

let world: World;

/** One for each test: the server's time may stand still after a test that failed, and its workflow would write on. */
function withWorlds(): void {
  beforeEach(async () => {
    world = await openWorld();
  });
  afterEach(() => world.stop());
}

/** Small enough for one task on a busy machine, large enough for a run to be long soon. */
const BATCH = 400;

/** More than a run takes until it is long. */
const MOST_BATCHES = 20;

/**
 * Signals that mean nothing, until the process has gone on in a new run. Temporal refuses to end a run while there are
 * messages that it has not seen: between the batches they are worked off. Told by history alone: a query that meets the
 * change of runs would stop the server's time for good.
 */
async function flood({ workflowId }: WorkflowHandle): Promise<WorkflowHandle> {
  const now = world.env.client.workflow.getHandle(workflowId);
  const { runId } = await now.describe();
  const run = world.env.client.workflow.getHandle(workflowId, runId);
  const look = async () => stageOf(await run.fetchHistory());
  for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
    if ((await world.seen(run, 'has worked off a batch', look)) === 'gone on') break;
    await world.atOnce(() => Promise.all(Array.from({ length: BATCH }, () => now.signal('cancel', { by: 'noise' }))));
  }
  const isNew = async () => (await now.describe()).runId !== runId || undefined;
  await world.seen(now, 'has gone on in a new run', isNew);
  return now;
}

/** Of a batch that is not worked off, the last of these is another one. */
const KINDS = [
  'workflowExecutionSignaledEventAttributes',
  'workflowTaskScheduledEventAttributes',
  'workflowTaskStartedEventAttributes',
  'workflowTaskCompletedEventAttributes',
] as const;

function stageOf({ events }: History): 'gone on' | 'worked off' | undefined {
  if (events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes) return 'gone on';
  const last = events?.findLast((event) => KINDS.some((kind) => event[kind]));
  return last?.workflowTaskCompletedEventAttributes ? 'worked off' : undefined;
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;

async function recertification(days: number) {
  const now = await world.env.currentTimeMs();
  const deadline = now + days * DAY;
  const data = { userId: 'u1', certName: 'Sales', expiredAt: isoTime(now - DAY), renewalDeadline: isoTime(deadline) };
  const handle = await world.start('recertification', data, { event: 'certification.expired' });
  await world.until(handle, stepIs('tellManager', 'done'));
  return { handle, deadline };
}

const extend = (handle: WorkflowHandle, to: number, reason = 'leave') =>
  handle.executeUpdate(extendDeadlineUpdate, { args: [{ deadline: isoTime(to), by: 'ada', reason }] });
const daysBefore = (deadline: number): number[] =>
  world
    .letters()
    .filter(({ kind }) => kind === 'remind')
    .map(({ at }) => Math.round((deadline - at) / DAY));

describe('a recertification whose history is long', () => {
  withWorlds();

  test('goes on in a new run as it was, reminds once each, and is recertified', async () => {
    const { handle, deadline } = await recertification(20);
    const { runId } = await handle.describe();
    await world.env.sleep('7 days');
    expect(daysBefore(deadline)).toEqual([14]);
    const moved = deadline + 7 * DAY;
    await extend(handle, moved);
    await world.atRest(handle);
    const { history: noted, ...before } = await world.state(handle);
    const now = await flood(handle);
    expect((await now.describe()).runId).not.toBe(runId);
    const { history, ...after } = await world.state(now);
    expect(after).toMatchObject(before);
    expect(history.filter(({ by }) => by === 'ada')).toEqual(noted);
    expect((await now.fetchHistory()).events?.length).toBeLessThan(200);
    await world.env.sleep('18 days');
    expect(daysBefore(moved)).toEqual([21, 14, 7, 3]);
    await now.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'recertified' });
    expect(world.named('recordEvent')).toHaveLength(1);
    expect(world.named('joinGroup').map(({ args }) => args[2])).toEqual(['Recertification required', 'Certified']);
    expect(world.named('leaveGroup').map(({ args }) => args[2])).toEqual(['Recertification required']);
    expect(world.named('closeWorkflow').map(({ args }) => args[0])).toEqual([
      { workflowId: handle.workflowId, firstRunId: runId, outcome: 'recertified' },
    ]);
  });

  test('is cancelled in the new run, which undoes what the first one did', async () => {
    const { handle } = await recertification(20);
    const now = await flood(handle);
    await now.signal(cancelSignal, { reason: 'a mistake', by: 'ada' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
    expect(world.named('restore').map(({ args }) => args[2])).toEqual(['joinRecertificationRequired']);
    const { steps } = await world.state(now);
    expect(steps.find(({ name }) => name === 'joinRecertificationRequired')?.status).toBe('undone');
  });

  test('that has lapsed gives back what the lapse took in the run before', async () => {
    const { handle, deadline } = await recertification(2);
    await world.env.sleep('3 days');
    await world.until(handle, stepIs('tellOfLapse (2)', 'done'));
    const now = await flood(handle);
    expect((await world.state(now)).waitingFor).toBe('a late renewal of the certificate');
    await extend(now, deadline + 20 * DAY);
    await world.until(now, stepIs('giveCertifiedBack', 'done'));
    expect(world.named('restore').map(({ args }) => args[2])).toEqual(['leaveCertified']);
    await world.until(now, ({ waitingFor }) => waitingFor === 'a renewal of the certificate');
    await end(now);
  });
});

/** What the process says it heard, and what its senders were told it took. */
interface Flooded {
  readonly reasons: readonly (string | null)[];
  readonly taken: readonly string[];
  readonly hasMoved: boolean;
}

/** On the server that loses none itself. */
test('a process loses no message that comes while it goes on', async () => {
  const real = await openDevWorld();
  const working = await real.work();
  try {
    const { reasons, taken, hasMoved } = await floodWhileItGoesOn(real);
    expect(reasons).toEqual(expect.arrayContaining([...taken]));
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(hasMoved).toBe(true);
  } finally {
    await working.stop();
    await real.stop();
  }
});

async function floodWhileItGoesOn(real: Awaited<ReturnType<typeof openDevWorld>>): Promise<Flooded> {
  const deadline = Date.now() + 20 * DAY;
  const data = { userId: 'u1', certName: 'Sales', expiredAt: isoTime(Date.now()), renewalDeadline: isoTime(deadline) };
  const handle = await real.begin('recertification', data);
  await real.until(handle, stepIs('tellManager', 'done'));
  const now = real.client.workflow.getHandle(handle.workflowId);
  const { runId } = await now.describe();
  const taken: string[] = [];
  let sent = 0;
  const extendOnce = async (reason: string): Promise<void> => {
    // One that meets the end of its run may be answered with an error: then nobody was told that it was taken.
    const answer = await extend(now, deadline + (sent += 1) * HOUR, reason).catch(() => undefined);
    if (answer !== undefined) taken.push(reason);
  };
  while ((await now.describe()).runId === runId) {
    const batch = [extendOnce(`no. ${sent}a`), extendOnce(`no. ${sent}b`)];
    await Promise.all([...batch, ...Array.from({ length: 50 }, () => now.signal('cancel', { by: 'noise' }))]);
  }
  const { history, deadline: moved } = await real.state(now);
  const reasons = history.filter(({ by }) => by === 'ada').map(({ reason }) => reason);
  await now.terminate();
  return { reasons, taken, hasMoved: moved !== isoTime(deadline) };
}

describe('other processes whose history is long', () => {
  withWorlds();

  test('a coaching tells the next in line when the term that began before is over', async () => {
    const quiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 2, maxScore: 10, passed: false };
    const handle = await world.start('quizCoaching', quiz, { event: 'quiz.submitted' });
    const { deadline } = await world.until(handle, stepIs('tellManager', 'done'));
    const now = await flood(handle);
    expect((await world.state(now)).deadline).toBe(deadline);
    await world.env.sleep('9 days');
    await world.until(now, stepIs('tellAdministrator', 'done'));
    expect(world.letters().map(({ to }) => to)).toEqual(['mona@example.com', 'admin@example.com']);
    await now.signal(coachedSignal, { by: 'mona', note: 'went through it' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'coached' });
  });

  test('an onboarding nudges on the days that it would have', async () => {
    const hire = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };
    const handle = await world.start('onboarding', hire, { event: 'user.provisioned' });
    await world.until(handle, stepIs('welcome', 'done'));
    await world.env.sleep('8 days');
    const now = await flood(handle);
    await world.env.sleep('8 days');
    expect(world.letters().map(({ to }) => to)).toEqual(['rita@example.com', 'rita@example.com', 'mona@example.com']);
    await now.signal(startedSignal, { eventId: 'p1' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.named('recordEvent')).toHaveLength(1);
  });

  test('an offboarding deactivates on its day, and can be cancelled until then', async () => {
    const at = isoTime((await world.env.currentTimeMs()) - HOUR);
    const leaver = { userId: 'u1', email: 'rita@example.com', reason: 'terminated', deprovisionedAt: at };
    for (const isCancelled of [false, true]) {
      world.reset();
      const handle = await world.start('offboarding', leaver, { event: 'user.deprovisioned' });
      await world.until(handle, ({ waitingFor }) => waitingFor === 'the day of the deactivation');
      const now = await flood(handle);
      if (isCancelled) await now.signal(cancelSignal, { reason: 'not a leaver', by: 'ada' });
      await expect(handle.result()).resolves.toEqual({ outcome: isCancelled ? 'cancelled' : 'done' });
      expect(world.named('freezeUser')).toHaveLength(1);
      expect(world.named('deactivateUser')).toHaveLength(isCancelled ? 0 : 1);
      expect(world.named('restore').map(({ args }) => args[2])).toEqual(
        isCancelled ? ['leaveLateGroups', 'leaveGroups', 'freeze'] : [],
      );
    }
  });

  test('an offboarding that is announced asks about a hire of the run before', async () => {
    const at = isoTime((await world.env.currentTimeMs()) + 10 * DAY);
    const leaver = { userId: 'u1', email: 'rita@example.com', reason: 'terminated', deprovisionedAt: at };
    const handle = await world.start('offboarding', leaver, { event: 'user.deprovisioned' });
    await world.until(handle, ({ waitingFor }) => waitingFor === 'the day of leaving');
    await handle.signal('rehired', { eventId: 'p1', order: 'not proven' });
    const now = await flood(handle);
    await world.env.sleep('11 days');
    await world.parked(now, 'rehired?');
    expect(world.named('freezeUser')).toEqual([]);
    await end(now);
  });

  test('a quarantine waits on for a person', async () => {
    const problem = { kind: 'unknown-event', detail: 'No event of this name is known.' } as const;
    const handle = await world.start('quarantine', { userId: 'u1' }, { event: 'badge.awarded', problem });
    await world.until(handle, ({ phase }) => phase === 'waiting');
    const now = await flood(handle);
    await now.executeUpdate(discardUpdate, { args: [{ by: 'ada', reason: 'noise' }] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'discarded' });
  });
});
