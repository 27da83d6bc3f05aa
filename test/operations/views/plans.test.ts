import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { seedLedger } from '../../ledger/seed';
import { QUESTIONS, statementsOf } from './asked';

/** What `npm run million` measures on a million rows, as plans on fewer. */
const ROWS = 50_000;
const BIG = ['completions', 'quiz_results', 'progress', 'receipts', 'effects', 'learners', 'departures'];

/** These sum up all of a table, or most of it. */
const SUMS = ['leaderboard', 'listProgress'];
const isSum = (text: string): boolean => /^\s*(select count|with weighed)|group by system/.test(text);

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
  await seedLedger(ledger.pool, ROWS);
});
afterAll(() => ledger.stop());

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** Every table that is read from one end to the other. */
function scannedIn(plan: Plan): readonly string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedIn)];
}

describe('the statements of the views', () => {
  test.each(QUESTIONS.filter(([, operation]) => !SUMS.includes(operation)))(
    'of %s read no large table from one end to the other',
    async (_name, operation, input) => {
      for (const { text, values } of await statementsOf(ledger.pool, operation, input)) {
        if (isSum(text)) continue;
        const { rows } = await ledger.pool.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
          `explain (format json) ${text}`,
          [...values],
        );
        const scanned = scannedIn(rows[0]?.['QUERY PLAN'][0]?.Plan ?? { 'Node Type': '' });
        expect({ text, scanned: scanned.filter((table) => BIG.includes(table)) }).toEqual({ text, scanned: [] });
      }
    },
  );
});
