import type { ScheduleDescription } from '@temporalio/client';
import { ensureHousekeeping, type Connected } from '../../src/temporal';
import { openNamespace } from './fixture';

let temporal: Connected;
beforeAll(async () => {
  temporal = await openNamespace();
});
afterAll(() => temporal.close());

const ensure = (companyId: string) => ensureHousekeeping(temporal.client, companyId);
const handleOf = (companyId: string) => temporal.client.schedule.getHandle(`housekeeping:${companyId}`);
/** What it was asked to do; when it does it next is the server's own. */
const asked = ({ scheduleId, spec, action, policies, state }: ScheduleDescription) => ({
  scheduleId,
  intervals: spec.intervals,
  action,
  policies,
  state,
});

describe('ensureHousekeeping', () => {
  test('has the workflow started every quarter of an hour, and not while one still runs', async () => {
    await expect(ensure('acme')).resolves.toEqual({ id: 'housekeeping:acme', was: 'created' });
    expect(await handleOf('acme').describe()).toMatchObject({
      spec: { intervals: [{ every: 15 * 60_000 }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'housekeeping',
        workflowId: 'housekeeping:acme',
        taskQueue: 'mindtickle',
      },
      policies: { overlap: 'SKIP' },
    });
  });

  test('again changes nothing', async () => {
    await ensure('idem');
    const before = asked(await handleOf('idem').describe());
    await expect(ensure('idem')).resolves.toEqual({ id: 'housekeeping:idem', was: 'kept' });
    expect(asked(await handleOf('idem').describe())).toEqual(before);
  });

  test('by several starting processes at once makes one', async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => ensure('together')));
    expect(made.filter(({ was }) => was === 'created')).toHaveLength(1);
  });

  test('repairs what was changed; one that is paused stays paused', async () => {
    await ensure('changed');
    await handleOf('changed').pause('not now');
    await handleOf('changed').update(({ action, policies, state }) => ({
      action,
      policies,
      state,
      spec: { intervals: [{ every: '1 day' }] },
    }));
    await ensure('changed');
    expect(await handleOf('changed').describe()).toMatchObject({
      spec: { intervals: [{ every: 15 * 60_000 }] },
      state: { paused: true, note: 'not now' },
    });
  });

  test('starts a workflow whose id no event can have', async () => {
    await ensure('company');
    await handleOf('company').trigger();
    for (;;) {
      const { info } = await handleOf('company').describe();
      const [ran] = info.recentActions;
      if (ran === undefined) continue;
      const { workflowId } = ran.action.workflow;
      expect(workflowId).toMatch(/^housekeeping:company-/);
      const { type, taskQueue } = await temporal.client.workflow.getHandle(workflowId).describe();
      expect({ type, taskQueue }).toEqual({ type: 'housekeeping', taskQueue: 'mindtickle' });
      break;
    }
  });
});
