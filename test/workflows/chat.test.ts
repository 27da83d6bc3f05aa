import type { ProcessState } from '../../workflows/messages';
import { credentialsRefused, rejected } from './fakes';
import { escalate } from './operator';
import { heard, useWorld } from './world';

/** What is parked or waits here stays so: to end it would cancel a notification that may be under way. */
const world = useWorld('dev');

const ops = { alertsChannel: '#ops', directMessages: false };
const direct = { ...ops, directMessages: true };
const setChat = (slack: typeof ops) => {
  world.policy = { ...world.policy, slack };
};
beforeEach(() => {
  world.modes = { ...world.modes, salesforce: 'on', slack: 'on' };
});

const hasPostedToChannel = ({ notified }: ProcessState): boolean => notified.some(({ role }) => role === 'channel');
const targets = () => world.callsOf('postSlackMessage').map(({ args }) => args[1]);

describe('Slack', () => {
  test('gets what parks, and not what was notified before', async () => {
    setChat(ops);
    world.fake('upsertTraining', credentialsRefused);
    const first = await world.send('course.completed');
    await world.until(first, hasPostedToChannel);
    expect(targets()).toEqual([{ channel: '#ops' }]);
    world.fake('claimAlert', { notifiedAt: '2026-11-28T10:00:00.000Z', workflowId: first.workflowId });
    const second = await world.send('course.completed', { data: { courseId: 'c2' } });
    await world.parked(second, 'recordTraining');
    expect(targets()).toHaveLength(1);
  });

  test('gets escalations, and the manager gets theirs directly where the policy says so', async () => {
    setChat(direct);
    const handle = await world.send('quiz.submitted');
    await world.until(handle, ({ notified }) =>
      notified.some(({ notification, channel }) => notification === 'coach' && channel === 'slack'),
    );
    await escalate(handle);
    await world.until(handle, hasPostedToChannel);
    expect(targets()).toEqual([{ email: 'mona@example.com' }, { channel: '#ops' }]);
  });

  test('that refuses is noted and delays nothing', async () => {
    setChat(direct);
    world.fake('postSlackMessage', rejected('slack answered users_not_found'));
    const handle = await world.send('quiz.submitted');
    const state = await world.until(handle, heard('a notification was not sent'));
    expect(state).toMatchObject({ phase: 'waiting' });
  });
});
