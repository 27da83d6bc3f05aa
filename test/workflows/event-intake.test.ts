import { createHash } from 'node:crypto';
import { eventNames } from '../../src/events';
import { searchAttributes } from '../../src/temporal';
import { dataOf } from '../events/deliveries';
import { failing, recorded, unavailable } from './fakes';
import { end, stepIs, useWorld } from './world';

const world = useWorld();

/** The last is one that nobody knows. */
const EVENTS = [...eventNames, 'unknown.event'];

describe('moduleProgress', () => {
  test('is one local activity and nothing else', async () => {
    const handle = await world.send('module.progress');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent']);
    const { events } = await handle.fetchHistory();
    expect(events).toHaveLength(6);
    expect(events?.some((event) => event.activityTaskScheduledEventAttributes)).toBe(false);
    expect(world.callsOf('recordEvent')[0]?.args[0]).toMatchObject({
      receipt: { eventId: handle.workflowId, workflowId: handle.workflowId, event: 'module.progress' },
      fact: { kind: 'progressed', userId: 'u1', moduleId: 'm1', percent: 40, seconds: 60 },
    });
  });
});

const waits: unknown = expect.objectContaining({ step: null, cause: 'conflict' });

describe('every workflow', () => {
  test.each(
    (['duplicate', 'replayed'] as const).flatMap((outcome) => EVENTS.map((event) => [outcome, event] as const)),
  )('of a %s %s ends at once, says which event was first, and does nothing', async (outcome, event) => {
    world.fake('recordEvent', { outcome, first: 'e0' });
    const handle = await world.send(event);
    await expect(handle.result()).resolves.toEqual({ outcome, first: 'e0' });
    expect(world.calls.map(({ name }) => name)).toEqual(['recordEvent']);
  });

  test.each(EVENTS)('of %s waits for a ledger that is away, by a normal activity', async (event) => {
    world.fake('recordEvent', failing(4, unavailable(), { outcome: 'duplicate', first: 'e0' }));
    const handle = await world.send(event);
    await expect(handle.result()).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(world.callsOf('recordEvent')).toHaveLength(5);
  });

  test.each(eventNames)('of a duplicate %s with other bytes does nothing, and keeps these, once', async (event) => {
    world.fake('recordEvent', ({ receipt: { eventId } }) =>
      eventId.startsWith('conflict:') ? recorded() : { outcome: 'duplicate', first: eventId, conflict: true },
    );
    const data = dataOf(event, {}, await world.now());
    const handle = await world.send(event, { data });
    const { workflowId } = handle;
    await expect(handle.result()).resolves.toEqual({ outcome: 'duplicate', first: workflowId });
    const bodyDigest = createHash('sha256').update(JSON.stringify(data)).digest('hex');
    const kept = world.handleOf(`conflict:${workflowId}:${bodyDigest.slice(0, 16)}`);
    await world.until(kept, ({ history }) => history.length > 0);
    const { type, memo, typedSearchAttributes } = await kept.describe();
    // What tells the same delivery from another one stays beside what it waits for.
    expect({ type, memo }).toEqual({ type: 'quarantine', memo: { bodyDigest, mindtickle: waits } });
    expect(typedSearchAttributes.get(searchAttributes.event)).toBe(event);
    expect(typedSearchAttributes.get(searchAttributes.phase)).toBe('waiting');
    expect(typedSearchAttributes.get(searchAttributes.needs)).toBe('person');
    await end(kept);
    // The same bytes came before: they are kept already.
    const again = await world.send(event, { data, eventId: workflowId });
    await expect(again.result()).resolves.toEqual({ outcome: 'duplicate', first: workflowId });
    const names = new Set(world.calls.map(({ name }) => name));
    names.delete('dropAlertCase');
    // People hear of a conflict: of a leaver's at once.
    const heard = event === 'user.deprovisioned' ? 'sendMail' : 'addAlertCase';
    expect(names).toEqual(new Set(['recordEvent', 'resolveConflict', 'closeWorkflow', heard]));
  });
});

describe('a fact that settles another workflow', () => {
  const settlesNow = (workflowId: string): void =>
    world.fake('recordEvent', recorded({ settles: [{ workflowId, news: { signal: 'started', eventId: 'p1' } }] }));

  test('ends it: a new hire’s first progress starts the open onboarding', async () => {
    const open = await world.send('user.provisioned');
    await world.until(open, stepIs('welcome', 'done'));
    await world.atRest(open);
    settlesNow(open.workflowId);
    await expect((await world.send('module.progress')).result()).resolves.toEqual({ outcome: 'done' });
    await expect(open.result()).resolves.toEqual({ outcome: 'done' });
    expect((await world.state(open)).history).toMatchObject([{ what: 'started', by: 'event p1' }]);
    expect(world.notifications().map(({ kind }) => kind)).toEqual(['welcome']);
  });

  test.each(['that never existed', 'that has ended'])('marks one %s as gone', async (which) => {
    const ended = await world.send('module.progress');
    await ended.result();
    const gone = which === 'that has ended' ? ended.workflowId : 'no-such-workflow';
    settlesNow(gone);
    await expect((await world.send('module.progress')).result()).resolves.toEqual({ outcome: 'done' });
    expect(world.callsOf('markWorkflowGone').map(({ args }) => args)).toEqual([[gone]]);
  });
});
