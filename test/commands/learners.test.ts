import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLearner } from '../../src/ledger';
import { lockFile } from '../../src/file-lock';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { buildMt, runMt, runMtJson, type MtOptions } from '../mt';

let ledger: LedgerFixture;
let databaseUrl: string;
let place: string;
beforeAll(async () => {
  buildMt();
  ledger = await openLedger();
  databaseUrl = ledger.settings.url;
});
afterAll(() => ledger.stop());
beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'mt-learners-'))));
afterEach(() => rmSync(place, { recursive: true }));

const mt = (args: readonly string[], options: MtOptions = {}) =>
  runMt(['learners', 'import', ...args], { env: { DATABASE_URL: databaseUrl }, cwd: place, ...options });

function file(csv: string): string {
  const path = join(place, 'people.csv');
  writeFileSync(path, csv);
  return path;
}

const mtJson = (args: readonly string[], options: MtOptions = {}) =>
  runMtJson(['learners', 'import', ...args], { env: { DATABASE_URL: databaseUrl }, cwd: place, ...options });

/** Two people whom nobody knows yet, and a row that cannot be one. */
function list() {
  const [ada, ben] = [randomUUID(), randomUUID()];
  const header = 'userId,email,role,teamId,managerEmail\r\n';
  const good = `${ada},ada@example.com,"rep, senior",west,boss@example.com\r\n${ben},,,,\r\n`;
  return { ada, good: header + good, mixed: `${header}${good}u3,not-one,,,\r\n` };
}

const leftOut = [{ line: 4, reason: 'email: not an e-mail address' }];

describe('mt learners import', () => {
  test('imports people from a file, again without effect', async () => {
    const { ada, good } = list();
    const path = file(good);
    const counts = { read: 2, changed: 0, leftOut: [], dryRun: false };
    expect(await mtJson([path])).toEqual({ code: 0, json: { ...counts, added: 2, unchanged: 0 } });
    expect(await mtJson([path])).toEqual({ code: 0, json: { ...counts, added: 0, unchanged: 2 } });
    expect(await findLearner(ledger.pool, ada)).toMatchObject({
      email: 'ada@example.com',
      role: 'rep, senior',
      teamId: 'west',
      managerEmail: 'boss@example.com',
    });
  });

  test('reads standard input; a dry run writes nothing', async () => {
    const { ada, mixed } = list();
    const counts = { read: 3, added: 2, changed: 0, unchanged: 0, leftOut };
    const dry = await mtJson(['-', '--dry-run'], { input: mixed });
    expect(dry).toEqual({ code: 1, json: { ...counts, dryRun: true } });
    expect(await findLearner(ledger.pool, ada)).toBeNull();
    expect(await mtJson(['-'], { input: mixed })).toEqual({ code: 1, json: { ...counts, dryRun: false } });
    expect(await findLearner(ledger.pool, ada)).not.toBeNull();
  });

  test('says to a person what became of it, and never an address', async () => {
    const { ada, good, mixed } = list();
    const path = file(mixed);
    const first = await mt([path]);
    expect(first).toEqual({
      code: 1,
      stdout: '3 read: 2 added, 0 changed, 0 unchanged, 1 left out\n',
      stderr: 'line 4: email: not an e-mail address\n',
    });
    await ledger.pool.query(`update learners set email = 'told@example.com' where user_id = $1`, [ada]);
    const kept = await mt([file(good), '--dry-run']);
    expect(kept.stdout).toBe('2 read, nothing written; it would be: 0 added, 0 changed, 2 unchanged, 0 left out\n');
    expect(kept.stderr).toMatch(/^mt: 1 row\(s\) say something else than what has become known since/);
    expect(kept.stderr).not.toContain('@');
    expect((await mt([path, '--overwrite'])).stdout).toContain(' 1 changed, 1 unchanged');
  });

  test('imports more people than one batch', async () => {
    const rows = Array.from({ length: 1_200 }, () => `${randomUUID()},west\n`).join('');
    const run = await mtJson(['-'], { input: `userId,teamId\n${rows}` });
    expect(run).toMatchObject({ code: 0, json: { read: 1_200, added: 1_200 } });
  });

  test('finds the ledger of the mt dev that runs, in its data directory', async () => {
    const dataDir = place;
    writeFileSync(join(dataDir, 'dev.ledger.json'), JSON.stringify({ url: databaseUrl }));
    const { good } = list();
    const run = { env: { DATA_DIR: dataDir }, input: good };
    // It is left over from one that was killed.
    expect(await mt(['-'], run)).toMatchObject({ code: 2, stdout: '' });
    const lock = lockFile(join(dataDir, 'dev.lock'), '');
    expect(await mtJson(['-'], run)).toMatchObject({ code: 0, json: { added: 2 } });
    lock?.release();
  });

  test('with bad usage exits with 2, having written nothing', async () => {
    const { ada, good } = list();
    const refused = async (args: readonly string[], run?: MtOptions) => {
      const { code, stdout, stderr } = await mt(args, run);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      return stderr;
    };
    expect(await refused([join(place, 'nothing.csv')])).toContain('nothing.csv: cannot be read (ENOENT)');
    expect(await refused([place])).toContain('cannot be read (is a directory)');
    expect(await refused(['-'], { input: 'u1,a@example.com\n' })).toContain('has no userId');
    expect(await refused([])).toContain("missing required argument 'file'");
    expect(await refused(['-'], { env: {}, input: good })).toContain('DATABASE_URL: missing, and no mt dev');
    expect(await refused(['-'], { env: { DATABASE_URL: 'mysql://x' }, input: good })).toContain('DATABASE_URL:');
    expect(await findLearner(ledger.pool, ada)).toBeNull();
  });

  test('fails with 1 when the ledger is away or has no tables, and shows no secret', async () => {
    const { good } = list();
    const away = { DATABASE_URL: 'postgres://u:a-password@127.0.0.1:1/x' };
    const failed = await mt(['-'], { env: away, input: good });
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/^mt: the ledger: .*ECONNREFUSED/);
    expect(failed.stderr).not.toContain('a-password');
    if (!ledger.isConcurrent) return;
    const empty = new URL(databaseUrl);
    empty.searchParams.set('options', '-c search_path=nothing_here');
    const unready = await mt(['-'], { env: { DATABASE_URL: empty.href }, input: good });
    expect(unready.code).toBe(1);
    expect(unready.stderr).toMatch(/^mt: the ledger: .*: run `mt setup`\n$/);
  });
});
