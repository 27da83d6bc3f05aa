import files from 'node:fs/promises';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clockCheck,
  clockOfWeb,
  connectorChecks,
  examine,
  ledgerCheck,
  receiverCheck,
  refusalCheck,
  spoolCheck,
  type Check,
} from '../../src/doctor';
import { lockFile } from '../../src/file-lock';
import type { LedgerState } from '../../src/ledger';
import { adviseOn } from '../../src/receiver';
import { rejected, unavailable } from '../../activities/failure';

async function said(...checks: readonly Check[]): Promise<string[]> {
  const found = await examine(checks);
  return found.map(({ status, name, detail, fix }) => `${status} ${name}: ${detail} ${fix ?? ''}`.trim());
}

const ledger: LedgerState = {
  roundTripMs: 3,
  clockAheadMs: 20,
  isPooled: false,
  isReadOnly: false,
  applied: 5,
  known: 5,
  missingRights: [],
  refusal: undefined,
};
const ofLedger = (changes: Partial<LedgerState>) => said(ledgerCheck(() => Promise.resolve({ ...ledger, ...changes })));

describe('the ledger', () => {
  test('that is right is ok in each line', async () => {
    expect(await ofLedger({})).toEqual([
      'ok Ledger: It answers in 3 ms.',
      'ok Ledger tables: All 5 migrations are applied.',
      'ok Ledger rights: The role can read and write.',
    ]);
  });

  test('that refuses the password says what to check', async () => {
    const refused = Object.assign(new Error('password authentication failed for user "x"'), { code: '28P01' });
    expect(await said(ledgerCheck(() => Promise.reject(refused)))).toEqual([
      'fail Ledger: Password authentication failed for user "x": check the user and the password. ' +
        'Start Postgres, or correct DATABASE_URL (or PGHOST and the other PG… settings).',
    ]);
  });

  test('without tables, or without the newest, says how they are made', async () => {
    expect(await ofLedger({ applied: 0 })).toContain(
      'fail Ledger tables: It has no tables yet, or its search_path names another schema. Run `mt setup`.',
    );
    expect(await ofLedger({ applied: 3 })).toContain(
      'fail Ledger tables: 2 of 5 migrations are missing. Run `mt setup`.',
    );
  });

  test('of a newer version says that this program is old', async () => {
    expect(await ofLedger({ applied: 6 })).toContain(
      'warn Ledger tables: They are of a newer version than this program. Upgrade this program to that version.',
    );
  });

  test('that is a standby asks for the primary', async () => {
    expect(await ofLedger({ isReadOnly: true })).toContain(
      'fail Ledger rights: It can only be read: a standby, or a role that is read-only. Name the primary in DATABASE_URL.',
    );
  });

  test('whose role lacks rights names them', async () => {
    expect((await ofLedger({ missingRights: ['insert on receipts'] }))[2]).toMatch(
      /^fail Ledger rights: The role lacks insert on receipts\. As the role of `mt setup`: grant/,
    );
  });

  test('on a full disk gives the code', async () => {
    expect((await ofLedger({ refusal: { code: '53100' } }))[2]).toMatch(/A row cannot be written \(53100\)\./);
  });

  test('that is slow warns', async () => {
    expect((await ofLedger({ roundTripMs: 900 }))[0]).toMatch(/^warn Ledger: It answers in 900 ms, which is slow\./);
  });

  test('behind a pooler says which modes work', async () => {
    expect((await ofLedger({ isPooled: true }))[3]).toMatch(/^ok Ledger pooler: .*its statement mode does not\.$/);
  });
});

describe('the clock', () => {
  const clock = (of: string, aheadMs: number) => ({ of, aheadMs: () => Promise.resolve(aheadMs) });

  test('that is right agrees with others', async () => {
    expect(await said(clockCheck([clock('the ledger', 900)], 300_000))).toEqual([
      'ok Clock: It agrees with that of the ledger.',
    ]);
  });

  test('that is minutes off fails, since deliveries are refused by it', async () => {
    expect(await said(clockCheck([clock('the ledger', -480_000)], 300_000))).toEqual([
      'fail Clock: It is 8 min ahead of that of the ledger: deliveries are refused for their time. ' +
        'Set the clock of this machine by NTP (`timedatectl set-ntp true`, or that of the host).',
    ]);
  });

  test('that is a little off warns', async () => {
    expect((await said(clockCheck([clock('the ledger', 40_000)], 300_000)))[0]).toMatch(
      /^warn Clock: It is 40 s behind that of the ledger\./,
    );
  });

  test('of another that is wrong by itself is not ours', async () => {
    const clocks = [clock('the ledger', 3_600_000), clock('acme.okta.com', 100)];
    expect((await said(clockCheck(clocks, 300_000)))[0]).toMatch(/^ok Clock: It agrees with that of acme\.okta\.com/);
  });

  test('of a web server is its date', async () => {
    const at = Date.now() + 60_000;
    const answer = new Response(null, { headers: { date: new Date(at).toUTCString() } });
    const { aheadMs } = clockOfWeb('x', 'https://x.example', () => Promise.resolve(answer));
    expect(Math.abs((await aheadMs()) - 60_000)).toBeLessThan(2000);
  });
});

describe('the spool', () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'spool-'));
  });
  afterEach(() => rmSync(place, { recursive: true }));

  const maxBytes = 65_536;

  test('that can be used is ok in each line, and stays as it was', async () => {
    expect(await said(spoolCheck({ dir: join(place, 'data', 'spool'), maxBytes }))).toEqual([
      expect.stringMatching(/^ok Spool: .* is made at the first start\.$/),
      expect.stringMatching(/^ok Spool space: The disk has .* free, and the spool takes at most 64 KiB\.$/),
      expect.stringMatching(/Spool flush: A record is on the disk after/),
    ]);
  });

  test('of a receiver that runs names it', async () => {
    const lock = lockFile(join(place, 'owner.lock'), 'process 7 on host-1');
    const [line] = await said(spoolCheck({ dir: place, maxBytes }));
    lock?.release();
    expect(line).toMatch(/ok Spool: .* (is in use by process 7 on host-1|can be written)/);
  });

  test('that is a file says so', async () => {
    const file = join(place, 'spool');
    writeFileSync(file, '');
    expect(await said(spoolCheck({ dir: file, maxBytes }))).toEqual([
      `fail Spool: ${file} is no folder. Name another folder in DATA_DIR.`,
    ]);
  });

  test('that this user may not write says whose it is', async () => {
    const dir = join(place, 'spool');
    mkdirSync(dir);
    const denied = jest.spyOn(files, 'access');
    denied.mockRejectedValue(Object.assign(new Error('denied'), { code: 'EACCES' }));
    const [line] = await said(spoolCheck({ dir, maxBytes }));
    denied.mockRestore();
    expect(line).toMatch(/^fail Spool: .* cannot be written by this process \(user \d+\); .* Run `chown -R \d+ /);
  });

  test('on a disk with less space than its limit says how much is there', async () => {
    const lines = await said(spoolCheck({ dir: place, maxBytes: Number.MAX_SAFE_INTEGER }));
    expect(lines[1]).toMatch(
      /^warn Spool space: The disk has .* free, less than SPOOL_MAX_BYTES .* set SPOOL_MAX_BYTES/,
    );
  });

  test('that is off says what that means', async () => {
    expect(await said(spoolCheck(undefined))).toEqual([
      expect.stringMatching(/^warn Spool: It is off: while Temporal is away, deliveries are refused .* Set SPOOL=on/),
    ]);
  });
});

describe('the receiver', () => {
  const answering = (body: unknown) => receiverCheck('http://r:3000', () => Promise.resolve(Response.json(body)));

  test('that accepts deliveries is ok', async () => {
    const spool = { records: 0, deadLetters: 0 };
    expect(await said(answering({ ready: true, temporal: 'ok', spool, warnings: [] }))).toEqual([
      'ok Receiver: http://r:3000 accepts deliveries.',
    ]);
  });

  test('that does not run says how it is started', async () => {
    const nobody = receiverCheck('http://r:3000', () => Promise.reject(new TypeError('fetch failed')));
    expect(await said(nobody)).toEqual([
      'fail Receiver: Nothing answers at http://r:3000/readyz. Start `mt receiver`, or correct PORT.',
    ]);
  });

  test('whose port another program has says so', async () => {
    expect((await said(answering({ hello: 'world' })))[0]).toMatch(/^fail Receiver: Something else than the receiver/);
  });

  test('that cannot accept gives its reason', async () => {
    expect(
      (await said(answering({ ready: false, reason: 'Temporal does not answer. The spool is full.' })))[0],
    ).toMatch(/^fail Receiver: Temporal does not answer\. The spool is full\./);
  });

  test('that stores deliveries, has warnings and dead letters has a line for each', async () => {
    const spool = { records: 7, deadLetters: 1 };
    const warnings = ['OPS_TOKENS_FILE: the file cannot be read'];
    expect(await said(answering({ ready: true, temporal: 'Temporal does not answer.', spool, warnings }))).toEqual([
      'warn Receiver: It stores deliveries on its disk (7 now): Temporal does not answer. See what is said of Temporal.',
      'warn Receiver: OPS_TOKENS_FILE: the file cannot be read. Correct that setting, or restart the receiver.',
      expect.stringMatching(
        /^warn Receiver: 1 delivery could not be started and is set aside\. `mt spool status` lists/,
      ),
    ]);
  });
});

describe('the deliveries', () => {
  const lastAt = '2026-11-28T10:00:00.000Z';
  const refusedFor = (cause: string, rule: string, acceptedAt?: number) =>
    said(
      refusalCheck({
        refused: () => Promise.resolve([{ rule, cause, count: 4, lastAt }]),
        acceptedAt: () => Promise.resolve(acceptedAt),
        adviseOn,
      }),
    );

  test('that are all refused come with the advice of `mt verify`', async () => {
    expect(await refusedFor('secret-unknown', 'mismatch')).toEqual([
      `fail Deliveries: 4 were refused within a day (secret-unknown), the last at ${lastAt}, and none was accepted ` +
        `around that time. ${adviseOn('secret-unknown')}`,
    ]);
  });

  test('that are refused among others warn', async () => {
    expect((await refusedFor('clock-skew', 'stale', Date.parse(lastAt)))[0]).toMatch(
      /^warn Deliveries: 4 were refused/,
    );
  });

  test('of strangers are nothing to do about', async () => {
    expect(await refusedFor('headers-missing', 'missing')).toEqual(['ok Deliveries: None has come yet.']);
  });
});

describe('a connector', () => {
  const env = { SCIM_URL: 'https://idp.example.com/scim', SCIM_TOKEN: 'a-token' };
  const asked = (...checks: (() => Promise<unknown>)[]) =>
    said(
      ...connectorChecks({
        connectors: { identity: { checks } },
        modes: { identity: 'observe' },
        labelOf: (system) => (system === 'identity' ? 'Okta' : system),
        env,
        limitMs: 20,
      }),
    ).then(([line]) => line);

  test('that answers says what it may do', async () => {
    expect(await asked(() => Promise.resolve())).toBe('ok Connector Okta: It answers; it is only observed.');
  });

  test('whose credential is refused names the settings', async () => {
    const refused = () => Promise.reject(rejected('identity', 'answered 401: its credentials were refused'));
    expect(await asked(refused)).toBe(
      'fail Connector Okta: Identity answered 401: its credentials were refused. Fix SCIM_URL or SCIM_TOKEN.',
    );
  });

  test('without a group of the policy names it', async () => {
    const advice = 'Create it, or correct its name in the policy';
    const missing = () => Promise.reject(rejected('identity', 'has no group named "Sales"', { advice }));
    expect(await asked(missing)).toBe(`fail Connector Okta: Identity has no group named "Sales". ${advice}.`);
  });

  test('that is away asks whether it is up', async () => {
    const away = () => Promise.reject(unavailable('identity', 'did not answer: nothing listens there'));
    expect(await asked(away)).toBe(
      'fail Connector Okta: Identity did not answer: nothing listens there. ' +
        'Is it up, and is what SCIM_URL, SCIM_TOKEN say right?',
    );
  });

  test('that hangs is given up', async () => {
    expect(await asked(() => new Promise(() => undefined))).toMatch(/^fail Connector Okta: Identity did not answer\./);
  });

  test('without settings is off', async () => {
    const lines = await said(
      ...connectorChecks({ connectors: {}, modes: {}, labelOf: (system) => system, env: {}, limitMs: 20 }),
    );
    expect(lines[0]).toBe('ok Connector identity: It is off: it has no settings.');
  });
});
