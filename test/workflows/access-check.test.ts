import { TASK_QUEUE } from '../../src/temporal';
import type { accessCheck } from '../../workflows';
import { describeCheck } from '../../src/operations/workflows/access-check';
import { credentialsRefused } from './fakes';
import { useWorld } from './world';

const world = useWorld('dev');
const person = { userId: 'u1', email: 'rita@example.com' };
let checks = 0;

const check = () =>
  world.client.workflow.execute<typeof accessCheck>('accessCheck', {
    taskQueue: TASK_QUEUE,
    workflowId: `access-check:${(checks += 1)}`,
    args: [person],
  });

describe('a check of a leaver’s access', () => {
  test('reads every system that is connected, and says where a person can get in again', async () => {
    world.modes = { identity: 'on', salesforce: 'observe' };
    world.fake('readIdentityAccess', { state: 'ended', groups: ['Sellers'] });
    world.fake('readCrmAccess', { state: 'open' });
    const { systems } = await check();
    expect(systems).toEqual({
      identity: { state: 'ended', groups: ['Sellers'] },
      salesforce: { state: 'open' },
      slack: { state: 'off' },
    });
    expect(world.calls.map(({ name, args }) => [name, ...args]).toSorted()).toEqual([
      ['readCrmAccess', person],
      ['readIdentityAccess', person],
    ]);
    expect(describeCheck(systems)).toBe(
      'Access was read again. Sign-in: ended, still in 1 group; CRM: OPEN AGAIN; Chat: not connected.',
    );
  });

  test('says what it does not know, and why', async () => {
    world.modes = { identity: 'on', slack: 'on' };
    world.fake('readIdentityAccess', credentialsRefused);
    const { systems } = await check();
    expect(describeCheck(systems)).toBe(
      'Access was read again. Sign-in: not known (identity answered 403: its credentials were refused); CRM: not connected; Chat: no account found.',
    );
  });
});
