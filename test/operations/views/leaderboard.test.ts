import { DAY, HOUR } from '../../../src/domain';
import { recordEvent } from '../../../src/ledger';
import { initialsOf } from '../../../src/operations/views/leaderboard';
import type { FileReply, Refused } from '../../../src/operations/operation';
import {
  completed,
  deprovisioned,
  expired,
  MONDAY,
  progressed,
  provisioned,
  quizzed,
  request,
} from '../../ledger/events';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { call, textOf, viewsOver } from './fixture';
import type { Fact } from '../../../src/domain';
import type { ViewDeps } from '../../../src/operations/views';

interface Board {
  readonly rows: readonly {
    rank: number;
    isTied: boolean;
    userId?: string;
    teamId?: string;
    label: string;
    points: number;
  }[];
  readonly next: string | null;
}

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  await ledger.pool.query(
    'truncate receipts, departures, learners, completions, quiz_results, progress, expiries, open_workflows',
  );
});

async function record(...facts: readonly Fact[]): Promise<void> {
  for (const [index, fact] of facts.entries())
    await recordEvent(ledger.pool, request(`${fact.userId} ${fact.kind} ${index} ${fact.at}`, fact));
}

const period = { from: '2026-03-01', to: '2026-04-01' };

function board(input: Record<string, unknown> = {}, more: Partial<ViewDeps> = {}): Promise<Board> {
  return call<Board>(viewsOver(ledger.pool, more), 'leaderboard', { ...period, ...input });
}

describe('the leaderboard', () => {
  test('counts a course and a quiz once, with the best result, and each module with its percentage', async () => {
    await record(
      completed('u', { score: 60 }),
      completed('u', { score: 90, at: MONDAY + DAY }),
      completed('u', { course: 'Other', score: 50 }),
    );
    await record(
      { ...quizzed('u'), percent: 40 } as Fact,
      { ...quizzed('u', { result: 'passed', at: MONDAY + HOUR }), percent: 80 } as Fact,
    );
    await record(progressed('u', { percent: 75 }));
    expect((await board()).rows).toEqual([
      { rank: 1, isTied: false, userId: 'u', label: 'u', course: 140, quiz: 40, progress: 15, onTime: 0, points: 195 },
    ]);
  });

  test('counts what was done in the period alone, which is a year at most', async () => {
    await record(completed('u', { at: MONDAY - 10 * DAY, score: 90 }), completed('u', { score: 70 }));
    expect((await board()).rows).toMatchObject([{ points: 70 }]);
    expect((await board({ from: '2026-02-01' })).rows).toMatchObject([{ points: 90 }]);
    const deps = viewsOver(ledger.pool);
    const years = await call<Refused>(deps, 'leaderboard', { from: '2020-01-01', to: '2026-01-01' });
    expect(years.refused.status).toBe(400);
  });

  test('rewards a certificate that was renewed before its deadline, and not one that was late', async () => {
    await record(expired('u'), completed('u', { at: MONDAY + DAY, score: 0 }));
    await record(expired('v'), completed('v', { at: MONDAY + 40 * DAY, score: 0 }));
    const { rows } = await board({ to: '2026-05-01' });
    expect(rows).toMatchObject([{ userId: 'u', onTime: 50 }]);
  });

  test('lets equal points share a rank, over the border of a page too', async () => {
    await record(completed('a'), completed('b'), completed('c'), completed('d', { score: 10 }));
    const first = await board({ limit: '2' });
    const second = await board({ limit: '2', cursor: first.next });
    const all = [...first.rows, ...second.rows].map(({ userId, rank, isTied }) => [userId, rank, isTied]);
    expect(all).toEqual([
      ['a', 1, true],
      ['b', 1, true],
      ['c', 1, true],
      ['d', 4, false],
    ]);
    expect(second.next).toBeNull();
  });

  test('leaves out who has left and who opted out, by id or address in any case', async () => {
    await record(
      completed('left'),
      deprovisioned('left', { at: MONDAY + HOUR }),
      completed('by-id'),
      completed('by-address'),
    );
    await record(provisioned('by-address', { email: 'Anna@example.com' }), completed('stays'));
    const leaderboard = { ...viewsOver(ledger.pool).leaderboard, optOut: ['BY-ID', 'anna@EXAMPLE.com'] };
    expect((await board({}, { leaderboard })).rows.map(({ userId }) => userId)).toEqual(['stays']);
  });

  test('ranks teams by the average of their learners', async () => {
    await record(
      provisioned('a'),
      provisioned('b'),
      completed('a', { score: 100 }),
      completed('b', { score: 50 }),
      completed('nobody’s'),
    );
    expect((await board({ by: 'team' })).rows).toMatchObject([{ rank: 1, teamId: 'west', label: 'west', points: 75 }]);
    expect((await board({ teamId: 'west' })).rows.map(({ userId }) => userId)).toEqual(['a', 'b']);
  });

  test('of a module counts the progress in it alone', async () => {
    await record(completed('a'), progressed('a', { percent: 50 }));
    expect((await board({ moduleId: 'module' })).rows).toMatchObject([{ points: 10 }]);
    expect((await board({ moduleId: 'other' })).rows).toEqual([]);
  });

  test('shows initials where the policy wants them, and then no ids in the CSV', async () => {
    await record(provisioned('u-1', { email: 'anna.van-berg@example.com' }), completed('u-1'));
    const deps = viewsOver(ledger.pool);
    const csv = textOf(await call<FileReply>(deps, 'leaderboardCsv', period));
    expect(csv).toContain('1,u-1,anna.van-berg,80');
    const leaderboard = { ...deps.leaderboard, show: 'initials' as const };
    const shy = textOf(await call<FileReply>({ ...deps, leaderboard }, 'leaderboardCsv', period));
    expect(shy).toContain('1,,A. V. B.,80');
    expect(initialsOf('u-17')).toBe('U. 1.');
  });
});

describe('progress', () => {
  test('has a bar a module and a row a learner, the latest first', async () => {
    await record(
      progressed('a', { percent: 100 }),
      progressed('b', { percent: 50, at: MONDAY + HOUR }),
      provisioned('b'),
    );
    const first = await call<{ rows: unknown[]; modules: unknown[]; next: string }>(
      viewsOver(ledger.pool),
      'listProgress',
      { limit: '1' },
    );
    expect(first).toMatchObject({
      modules: [{ moduleId: 'module', moduleName: 'Module', learners: 2, averagePercent: 75, completed: 1 }],
      rows: [{ person: { userId: 'b', teamId: 'west' }, percent: 50 }],
    });
    const second = await call(viewsOver(ledger.pool), 'listProgress', { limit: '1', cursor: first.next });
    expect(second).toMatchObject({ rows: [{ person: { userId: 'a' }, percent: 100 }], next: null });
    const team = await call(viewsOver(ledger.pool), 'listProgress', { teamId: 'west' });
    expect(team).toMatchObject({ modules: [{ learners: 1 }], rows: [{ person: { userId: 'b' } }] });
  });
});
