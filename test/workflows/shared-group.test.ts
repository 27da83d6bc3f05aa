import type { WorkflowHandle } from '@temporalio/client';
import { DAY, isoTime } from '../../src/domain';
import { setLearnerEmail } from '../../src/ledger';
import { people } from '../../src/dev/people';
import type { StandIns } from '../../src/dev/stand-ins';
import { cancelSignal } from '../../workflows/messages';
import { createLedgerActivities } from '../../activities/ledger';
import { readConfigFile } from '../../src/settings';
import { at, connectTo, emptyLedger } from '../activities/running';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { REQUIRED } from '../ledger/orders';
import { start as startStandIns, stateOf, stopAll } from '../dev/stand-ins/running';
import { openWorld, type World } from './old-world';

let world: World;
let ledger: LedgerFixture;
let standIns: StandIns;
beforeAll(async () => {
  [world, ledger, standIns] = await Promise.all([openWorld(), openLedger(), startStandIns()]);
  const { pool } = ledger;
  const course = { renews: { Safety: ['Certificate A', 'Certificate B'] } };
  const policy = { ...readConfigFile(undefined).policy, course };
  const { joinGroup, leaveGroup, restore } = connectTo(pool, 'identity', at.scim(`${standIns.url}/identity/scim/v2`));
  // The real ledger and identity provider; all other activities are fakes.
  const real = { ...createLedgerActivities({ pool, policy, receiptDays: 90 }), joinGroup, leaveGroup, restore };
  for (const [name, activity] of Object.entries(real)) world.answers.set(name, activity);
});
afterAll(() => Promise.all([world.stop(), stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(ledger.pool)]);
});

const { nina } = people;

async function groups(): Promise<readonly string[]> {
  const { identity } = await stateOf(standIns);
  return identity.users.find(({ externalId }) => externalId === nina.userId)?.groups ?? [];
}

/** Two workflows that wait, each for the renewal of one certificate. */
async function twoCases(): Promise<readonly [WorkflowHandle, WorkflowHandle]> {
  const now = await world.env.currentTimeMs();
  await setLearnerEmail(ledger.pool, nina.userId, nina.email);
  const open = async (certName: string): Promise<WorkflowHandle> => {
    const times = { expiredAt: isoTime(now - DAY), renewalDeadline: isoTime(now + 40 * DAY) };
    const data = { userId: nina.userId, certName, ...times };
    const handle = await world.start('recertification', data, { event: 'certification.expired' });
    await world.atRest(handle);
    return handle;
  };
  const cases = [await open('Certificate A'), await open('Certificate B')] as const;
  expect(await groups()).toContain(REQUIRED);
  return cases;
}

const ROUNDS = [1, 2, 3, 4, 5];

describe('two recertifications of one learner', () => {
  test.each(ROUNDS)('that one course renews at once leave the group, round %i', async () => {
    const cases = await twoCases();
    const completedAt = isoTime(await world.env.currentTimeMs());
    const data = { userId: nina.userId, courseId: 'c1', courseName: 'Safety', score: 90, completedAt };
    await world.start('courseCompletion', data, { event: 'course.completed' });
    for (const one of cases) await world.until(one, ({ outcome }) => outcome === 'recertified');
    expect(await groups()).toEqual(['Certified']);
  });

  test.each(ROUNDS)('that are cancelled at once leave the group, round %i', async () => {
    const cases = await twoCases();
    await Promise.all(cases.map((one) => one.signal(cancelSignal, { reason: 'a mistake', by: 'ada' })));
    for (const one of cases) await world.until(one, ({ outcome }) => outcome === 'cancelled');
    expect(await groups()).not.toContain(REQUIRED);
  });
});
