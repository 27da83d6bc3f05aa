/** `npm run million`: how long each statement of each view takes on a ledger of a million rows. TEST_DATABASE_URL: an empty database. */
import { openPool, migrate } from '../../src/ledger';
import { QUESTIONS, statementsOf } from '../operations/views/asked';
import { createDatabase } from './fixture';
import { seedLedger } from './seed';

const ROWS = 1_000_000;
const LIMIT_MS = 200;
const TIMES = 3;

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

async function main(server: string): Promise<number> {
  const { url, drop } = await createDatabase(server);
  const pool = openPool({ url, timeoutMs: 600_000 });
  try {
    await migrate(pool);
    const counts = await seedLedger(pool, ROWS);
    print(
      Object.entries(counts)
        .map(([table, count]) => `${table} ${count}`)
        .join(', '),
    );
    let isLate = false;
    for (const [name, operation, input] of QUESTIONS) {
      const slowest: number[] = [];
      for (let time = 0; time < TIMES; time += 1) {
        const statements = await statementsOf(pool, operation, input);
        slowest.push(Math.max(...statements.map(({ ms }) => ms)));
      }
      const best = Math.min(...slowest);
      isLate ||= best > LIMIT_MS;
      print(
        `${name.padEnd(28)} ${slowest.map((ms) => ms.toFixed(0).padStart(5)).join(' ')} ms${best > LIMIT_MS ? '  over the limit' : ''}`,
      );
    }
    return isLate ? 1 : 0;
  } finally {
    await pool.end();
    await drop();
  }
}

const server = process.env['TEST_DATABASE_URL'];
if (server === undefined) throw new Error('TEST_DATABASE_URL: name a Postgres that may be filled');
void main(server).then((code) => process.exit(code));
