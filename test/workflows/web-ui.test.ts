import { DAY, LISTED_REST, searchAttributes } from '../../src/domain';
import * as wire from '../../workflows/messages';
import { describeState } from '../../workflows/process/web-ui';
import type { ProcessState } from '../../workflows/messages';
import { credentialsRefused, failing } from './fakes';
import { discard, escalate, extend, retry } from './operator';
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

  test('is found by what it needs and why, and its memo says the rest, at one event each', async () => {
    world.fake('joinGroup', failing(1, credentialsRefused, 'done'));
    const renewal = await world.send('certification.expired');
    const unknown = await world.send('unknown.event');
    const listed = async (needs: string, cause: string | null) => {
      const why = cause === null ? 'IS NULL' : `= '${cause}'`;
      const query = `MindtickleNeeds = '${needs}' AND MindtickleCause ${why} AND ExecutionStatus = 'Running'`;
      for await (const { workflowId, memo } of world.client.workflow.list({ query }))
        return { workflowId, memo: memo?.[LISTED_REST] };
      return undefined;
    };
    const isListed = (needs: string, cause: string | null, of = renewal) =>
      world.seen(of, `listed as ${needs} ${cause}`, () => listed(needs, cause));

    await expect(isListed('person', 'identity.credentialsRefused')).resolves.toMatchObject({
      workflowId: renewal.workflowId,
      memo: {
        about: 'Recertification of u1: Sales',
        step: 'joinRecertificationRequired',
        cause: 'identity.credentialsRefused',
        next: { what: 'the certificate lapses; it may still be renewed late' },
      },
    });
    await expect(isListed('person', 'quarantined', unknown)).resolves.toMatchObject({
      workflowId: unknown.workflowId,
      memo: { step: null, waitingFor: 'redrive or discard by a person' },
    });
    await discard(unknown);
    await unknown.result();
    const { typedSearchAttributes } = await unknown.describe();
    expect(typedSearchAttributes.get(searchAttributes.needs)).toBeUndefined();

    await retry(renewal, 'joinRecertificationRequired');
    await expect(isListed('time', null)).resolves.toMatchObject({ workflowId: renewal.workflowId });
    const { events } = await renewal.fetchHistory();
    const types = (events ?? []).map(({ upsertWorkflowSearchAttributesEventAttributes: searched, ...event }) =>
      searched ? 'upsert' : event.workflowPropertiesModifiedEventAttributes ? 'memo' : 'other',
    );
    // It waits, parks, and waits again.
    expect(types.filter((type) => type !== 'other')).toEqual(['upsert', 'memo', 'upsert', 'memo', 'upsert', 'memo']);
    await renewal.terminate();
  });
});
