import { DAY } from '../../src/domain';
import * as wire from '../../workflows/messages';
import { describeState } from '../../workflows/process/web-ui';
import type { ProcessState } from '../../workflows/messages';
import { escalate, extend } from './operator';
import { heard, stepIs, useWorld } from './world';

const at = '2026-11-24T12:00:00.000Z';
const waiting: ProcessState = {
  phase: 'waiting',
  outcome: null,
  waitingFor: 'a renewal of the certificate',
  deadline: '2027-01-23T12:00:00.000Z',
  steps: [{ step: 'notifyLearner', title: 'Notify the learner', status: 'done', detail: 'sent', at }],
  history: [{ at, what: 'escalate', by: 'ada', reason: 'no answer' }],
  notified: [{ role: 'learner', channel: 'mail', notification: 'recertify', at }],
};
const messages = ['cancel', 'escalate', 'retryStep', 'skipStep', 'identify', 'extendDeadline'];
const freeze = {
  step: 'freeze',
  title: 'Freeze the sign-in',
  status: 'parked',
  detail: 'retryStep, identify or skipStep',
  at,
} as const;
const page = (state: ProcessState, next: string | null = 'the certificate lapses'): string =>
  describeState({ title: 'Recertification of u1: Sales', messages, state, next });

describe('the page of a workflow in Temporal Web UI', () => {
  test('says what it waits for, until when and what then, who was notified, who decided what, and what may be sent', () => {
    const text = page(waiting);
    expect(text).toContain('- Waits for: **a renewal of the certificate**');
    expect(text).toContain('- Until: **2027-01-23T12:00:00.000Z**\n- Then: the certificate lapses');
    expect(text).toContain(`**Notified**\n\n- ${at} the learner by mail: the certificate has to be renewed`);
    expect(text).toContain(`- ${at} escalate, by ada: no answer`);
    expect(text).toContain('- signal `cancel` `{ reason, by }`: stop, and undo what must be undone');
    expect(text).toContain('- update `extendDeadline` `{ deadline, by, reason }`');
  });

  test('offers retryStep and skipStep while a step is parked, and not before', () => {
    expect(page(waiting)).not.toMatch(/retryStep|skipStep|identify/);
    const parked = page({
      ...waiting,
      phase: 'parked',
      steps: [{ ...freeze, detail: 'why' }],
    });
    expect(parked).toContain('- Freeze the sign-in (`freeze`): parked, why');
    expect(parked).toMatch(/update `retryStep`[^]*update `skipStep`/);
    expect(parked).not.toContain('identify');
    expect(page({ ...waiting, phase: 'undoing', steps: [freeze] })).toContain('update `identify`');
  });

  test('of one that has ended says the outcome and offers nothing', () => {
    const ended = page({ ...waiting, phase: 'done', outcome: 'recertified', waitingFor: null, deadline: null }, null);
    expect(ended).toContain('- Phase: **done**, outcome: **recertified**');
    expect(ended).not.toMatch(/May be sent|Until|Then/);
  });

  test('knows every message', () => {
    const names = Object.values(wire).flatMap(({ type, name }) => (type === 'query' ? [] : [name]));
    const text = describeState({ title: '', messages: names, state: { ...waiting, steps: [freeze] }, next: null });
    for (const name of names) expect(text).toContain(`\`${name}\``);
  });
});

describe('the page of a workflow that runs', () => {
  const world = useWorld('dev');

  test('shows who asked for what and why, on one line and without links', async () => {
    const handle = await world.send('certification.expired');
    await world.until(handle, stepIs('notifyManager', 'done'));
    await escalate(handle, 'on leave\n- 2026-01-01T00:00:00Z cancel, by root ![x](http://example.com/x.png)');
    await world.until(handle, heard('notified the'));
    await extend(handle, (await world.now()) + 90 * DAY, 'parental leave');
    const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(metadata.currentDetails).toMatch(
      /^- \S+ escalate, by ada: on leave - 2026-01-01T00:00:00Z cancel, by root !\\\[x\\\]\(/m,
    );
    expect(metadata.currentDetails).toMatch(/^- \S+ extendDeadline to \S+, by ada: parental leave$/m);
    expect(metadata.currentDetails).toContain(
      '- update `extendDeadline` `{ deadline, by, reason }`: move the deadline (ISO 8601)',
    );
    await handle.terminate();
  });
});
