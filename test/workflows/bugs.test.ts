import { DAY, isoTime } from '../../src/domain';
import { retryStepUpdate } from '../../workflows/messages';
import { openDevWorld } from './dev-world';
import { end, openWorld, stepIs } from './old-world';

describe('a bug', () => {
  test('of the workflow’s own code fails its task, which is tried again; the workflow does not fail', async () => {
    const world = await openDevWorld();
    const working = await world.work();
    const handle = await world.client.workflow.start('recertification', {
      taskQueue: 'mindtickle',
      workflowId: 'broken',
      args: [{ eventId: 'broken' }, {}],
    });
    // Some more of these, a minute in all, and Temporal sets `TemporalReportedProblems`, to search for.
    let trace: string | null | undefined;
    while (trace === undefined) {
      const { events } = await handle.fetchHistory();
      trace = events?.flatMap((event) => event.workflowTaskFailedEventAttributes?.failure?.stackTrace ?? [])[0];
    }
    expect(trace).toContain('TypeError');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate();
    await working.stop();
    await world.stop();
  });

  test('of an activity is tried again for a day and then parks, and the process goes on once it is mended', async () => {
    const world = await openWorld();
    world.answers.set('sendLetter', () => {
      throw new TypeError('Cannot read properties of undefined');
    });
    const now = await world.env.currentTimeMs();
    const data = { userId: 'u1', certName: 'Sales', expiredAt: isoTime(now), renewalDeadline: isoTime(now + 40 * DAY) };
    const handle = await world.start('recertification', data, { event: 'certification.expired' });
    await world.env.sleep('25 hours');
    const parked = await world.until(handle, stepIs('tellLearner', 'parked'));
    expect(parked).toMatchObject({ phase: 'parked', outcome: null });
    expect(parked.steps.find(({ status }) => status === 'parked')?.detail).toBe('Cannot read properties of undefined');
    world.answers.delete('sendLetter');
    await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'tellLearner', by: 'ada' }] });
    await world.until(handle, stepIs('tellManager', 'done'));
    await end(handle);
    await world.stop();
  });
});
