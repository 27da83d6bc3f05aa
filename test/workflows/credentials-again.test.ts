import { ApplicationFailure } from '@temporalio/common';
import { MINUTE } from '../../src/domain';
import { failing, unavailable } from './fakes';
import { skip } from './operator';
import { heard, stepIs, useWorld } from './world';

const world = useWorld();
beforeEach(() => {
  world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, deactivateAfterDays: 0 } };
});

const refused = (status: number) =>
  ApplicationFailure.create({
    type: 'identity.rejected',
    message: `identity answered ${status}: its credentials were refused`,
    details: [{ status }],
    nonRetryable: true,
  });

describe('a step that is parked because credentials were refused', () => {
  test.each([401, 403])('goes on by itself once they work again, after %i', async (status) => {
    world.fake('freezeUser', failing(3, refused(status), 'done'));
    const handle = await world.send('user.deprovisioned');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
    const { steps, history } = await world.state(handle);
    expect(steps.find(({ step }) => step === 'freeze')).toMatchObject({ status: 'done' });
    expect(history).toMatchObject([{ what: 'freeze goes on by itself', by: 'mindtickle' }]);
    const [first, second] = world.callsOf('freezeUser').map(({ at }) => at);
    expect((second ?? NaN) - (first ?? NaN)).toBeGreaterThanOrEqual(MINUTE);
    // Those tries that change nothing are not news.
    expect(world.notifications(handle).filter(({ kind }) => kind === 'parked')).toHaveLength(1);
  });

  test('parks anew where it is refused for another reason', async () => {
    const other = ApplicationFailure.create({
      type: 'identity.rejected',
      message: 'identity answered 404',
      nonRetryable: true,
    });
    world.fake('freezeUser', failingInTurn(refused(401), other));
    const handle = await world.send('user.deprovisioned');
    await world.until(handle, stepIs('freeze', 'parked'));
    await world.sleep('2 minutes');
    await world.until(handle, ({ steps }) => steps.some(({ detail }) => detail === 'identity answered 404'));
    await skip(handle, 'freeze');
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('is decided on at once although a try of it is under way', async () => {
    world.fake('freezeUser', failingInTurn(refused(401), unavailable(60 * MINUTE)));
    const handle = await world.send('user.deprovisioned');
    await world.until(handle, stepIs('freeze', 'parked'));
    await world.sleep('5 minutes');
    const { steps } = await skip(handle, 'freeze');
    expect(steps.find(({ step }) => step === 'freeze')).toMatchObject({ status: 'skipped', detail: 'by ada: by hand' });
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });

  test('stays parked while they do not, and a decision counts at once', async () => {
    world.fake('freezeUser', refused(401));
    const handle = await world.send('user.deprovisioned');
    await world.until(handle, stepIs('freeze', 'parked'));
    await skip(handle, 'freeze');
    await world.until(handle, heard('skipStep freeze'));
    await expect(handle.result()).resolves.toEqual({ outcome: 'done' });
  });
});

function failingInTurn(...failures: readonly Error[]): () => never {
  const left = [...failures];
  return () => {
    throw (left.length > 1 ? left.shift() : left[0]) ?? new Error('there is none');
  };
}
