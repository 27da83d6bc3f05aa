import { identifyUpdate } from '../../workflows/messages';
import { rejected } from './fakes';
import { cancel, retry, skip } from './operator';
import { effectsIn, stepIs, useWorld } from './world';

const world = useWorld();
beforeEach(() => {
  world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, deactivateAfterDays: 0 } };
});

const NOBODY = 'nobody of this id or address was found; retryStep, identify or skipStep';
const identify = { email: 'rita@new.example.com', by: 'ada' };

function nobodyKnowsThem(): void {
  for (const name of ['freezeUser', 'leaveGroups', 'freezeCrmUser', 'deactivateSlackUser', 'deactivateUser'] as const)
    world.fake(name, 'absent');
}

async function parkedUnknown() {
  nobodyKnowsThem();
  const handle = await world.send('user.deprovisioned');
  const { steps, waitingFor } = await world.parked(handle, 'findAccounts');
  return { handle, steps, waitingFor };
}

describe('a leaver whom no system knows', () => {
  test('parks before anything is archived or reported, and the administrators are notified', async () => {
    const { handle, steps, waitingFor } = await parkedUnknown();
    expect(waitingFor).toBe('retryStep, identify or skipStep of "findAccounts"');
    expect(steps.find(({ step }) => step === 'findAccounts')).toMatchObject({ status: 'parked', detail: NOBODY });
    expect(effectsIn(world)).toEqual(['freezeUser', 'leaveGroups', 'parked']);
    expect(steps.filter(({ status }) => status === 'done').map(({ step }) => step)).toEqual([
      'checkReason',
      'checkProtected',
      'checkLimit',
    ]);
    await cancel(handle);
    await handle.result();
  });

  test('parks whatever the CRM and Slack were asked, as long as neither knows them', async () => {
    world.modes = { ...world.modes, salesforce: 'on', slack: 'on' };
    const { handle } = await parkedUnknown();
    await cancel(handle);
    await expect(handle.result()).resolves.toEqual({ outcome: 'cancelled' });
  });

  test('retryStep looks in every system again', async () => {
    const { handle } = await parkedUnknown();
    world.fake('freezeUser', 'done');
    world.fake('leaveGroups', { left: ['Sales'] });
    await retry(handle, 'findAccounts');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const { steps } = await world.state(handle);
    expect(steps.map(({ step, status, detail }) => [step, status, detail])).toEqual(
      expect.arrayContaining([
        ['freeze', 'skipped', 'not found'],
        ['freeze2', 'done', null],
        ['leaveGroups2', 'done', 'left Sales'],
        ['findAccounts', 'done', null],
      ]),
    );
  });

  test('identify gives the address that every later step looks for', async () => {
    const { handle } = await parkedUnknown();
    world.fakeAll({ freezeUser: 'done', leaveGroups: { left: [] }, deactivateUser: 'done' });
    await handle.executeUpdate(identifyUpdate, { args: [identify] });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    for (const name of ['freezeUser', 'leaveGroups', 'deactivateUser'] as const)
      expect(world.callsOf(name).at(-1)?.args[1]).toEqual({ userId: 'u1', email: identify.email });
    expect(world.callsOf('setLearnerEmail')[0]?.args[0]).toEqual({ userId: 'u1', email: identify.email });
  });

  test('who decides to go on is in the report, which calls nothing done that was not found', async () => {
    const { handle } = await parkedUnknown();
    await skip(handle, 'findAccounts');
    await handle.result();
    const [report] = world
      .callsOf('sendMail')
      .flatMap(({ args: [, , , sent] }) => (sent.kind === 'offboarded' ? [sent.report.join('\n')] : []));
    expect(report).toMatch(/Freeze the sign-in[^:]*: skipped \(not found\)/);
    expect(report).toMatch(/Deactivate the user permanently: skipped \(not found\)/);
    expect(report).toMatch(/Find an account of the leaver: skipped \(by /);
  });
});

test('a leaver whom the CRM alone knows does not park', async () => {
  world.modes = { ...world.modes, salesforce: 'on' };
  nobodyKnowsThem();
  world.fake('freezeCrmUser', 'unchanged');
  const handle = await world.send('user.deprovisioned');
  await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
});

test('identify of another address is taken where the keys of a person disagree', async () => {
  world.fake('freezeUser', rejected('identity finds two people; retryStep, identify or skipStep'));
  const handle = await world.send('user.deprovisioned');
  await world.parked(handle, 'freeze');
  world.fake('freezeUser', 'done');
  await handle.executeUpdate(identifyUpdate, { args: [identify] });
  await world.until(handle, stepIs('freeze', 'done'));
  await handle.result();
  expect(world.callsOf('freezeUser').map(({ args: [, { email }] }) => email)).toEqual([
    'rita@example.com',
    identify.email,
  ]);
});

test('an undo that finds nobody leaves the step as it was', async () => {
  world.fake('deactivateUser', rejected('identity answered 400'));
  world.fake('restoreUser', 'absent');
  const handle = await world.send('user.deprovisioned');
  await world.parked(handle, 'deactivate');
  await cancel(handle);
  await handle.result();
  const { steps } = await world.state(handle);
  expect(steps).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ step: 'freeze', status: 'done' }),
      expect.objectContaining({ step: 'undoFreeze', status: 'skipped', detail: 'not found' }),
    ]),
  );
});
