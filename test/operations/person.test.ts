import { nameToShow, readPeople } from '../../src/operations/person';
import { openLedger, type LedgerFixture } from '../ledger/fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

describe('nameToShow', () => {
  test('is the part of the address before the @, else the user id', () => {
    expect(nameToShow('u-17', 'kim.lee@example.com')).toBe('kim.lee');
    expect(nameToShow('u-17', null)).toBe('u-17');
    expect(nameToShow('u-17', '@example.com')).toBe('u-17');
  });
});

describe('readPeople', () => {
  test('reads those whom the ledger knows, and shows any other by the id', async () => {
    await ledger.pool.query(`insert into learners (user_id, email, role, team_id, manager_email)
      values ('u-17', 'kim@example.com', 'ae', 'emea', 'max@example.com')`);
    await ledger.pool.query(`insert into departures (event_id, user_id, reason, at) values ('e', 'u-17', '', now())`);
    const people = await readPeople(ledger.pool, ['u-17', 'u-18', 'u-17']);
    expect([...people.values()]).toEqual([
      {
        userId: 'u-17',
        email: 'kim@example.com',
        name: 'kim',
        role: 'ae',
        teamId: 'emea',
        managerEmail: 'max@example.com',
        isActive: false,
      },
      { userId: 'u-18', email: null, name: 'u-18', role: null, teamId: null, managerEmail: null, isActive: true },
    ]);
  });
});
