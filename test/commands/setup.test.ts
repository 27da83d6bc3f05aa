import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { runSetup, type SetUp } from '../../src/commands/setup';
import { openPool } from '../../src/ledger';
import { SettingsError } from '../../src/settings';
import { connectNow, type Connected, searchAttributes } from '../../src/temporal';
import { MIGRATIONS } from '../../src/ledger/tables';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { silentLog, temporalAddress } from '../temporal/fixture';

let ledger: LedgerFixture;
let temporal: Connected;
let place: string;
let said: jest.SpyInstance<void, unknown[]>;

beforeAll(async () => {
  ledger = await openLedger();
  temporal = await connectNow({ log: silentLog, env: { TEMPORAL_ADDRESS: temporalAddress() } });
  place = mkdtempSync(join(tmpdir(), 'setup-'));
});
afterAll(async () => {
  await temporal.close();
  await ledger.stop();
  rmSync(place, { recursive: true });
});
beforeEach(() => {
  said = jest.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(() => said.mockRestore());

const NAMES = MIGRATIONS.map(({ name }) => name);

/** Settings of a company that nobody has set up yet. */
async function newCompany(settings: Record<string, string> = {}) {
  const namespace = `setup-${randomUUID()}`;
  const schema = `setup_${randomUUID().slice(0, 8)}`;
  const url = new URL(ledger.settings.url);
  if (ledger.isConcurrent) {
    await ledger.pool.query(`create schema ${schema}`);
    url.searchParams.set('options', `-c search_path=${schema}`);
  }
  return {
    MINDTICKLE_COMPANY_ID: 'acme',
    DATABASE_URL: url.href,
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: namespace,
    LOG_LEVEL: 'error',
    ...settings,
  };
}

async function setUp(env: Record<string, string>): Promise<SetUp> {
  said.mockClear();
  await expect(runSetup(env, { json: true })).resolves.toBe(0);
  expect(said.mock.calls).toHaveLength(1);
  return JSON.parse(String(said.mock.calls[0]?.[0])) as SetUp;
}

function config(yaml: string): string {
  const path = join(place, `${randomUUID()}.yaml`);
  writeFileSync(path, yaml);
  return path;
}

const retain = (namespace: string, days: number) =>
  temporal.connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: (days * 86_400) as never },
  });

describe('runSetup', () => {
  test('makes all that the processes need, and says what', async () => {
    const env = await newCompany();
    expect(await setUp(env)).toEqual({
      ok: true,
      namespace: { name: env.TEMPORAL_NAMESPACE, made: true },
      retention: { days: 8, extendedFrom: null },
      searchAttributes: { registered: Object.values(searchAttributes).map(({ name }) => name) },
      ledger: { migrated: ledger.isConcurrent ? NAMES : [] },
      schedule: { id: 'housekeeping:acme', made: true },
    });
    const client = new Client({ connection: temporal.connection, namespace: env.TEMPORAL_NAMESPACE });
    const { action } = await client.schedule.getHandle('housekeeping:acme').describe();
    expect(action).toMatchObject({ workflowType: 'housekeeping' });
    const pool = openPool({ url: env.DATABASE_URL });
    expect((await pool.query('select event_id from receipts')).rows).toEqual([]);
    await pool.end();
  });

  test('again changes nothing', async () => {
    const env = await newCompany();
    await setUp(env);
    expect(await setUp(env)).toEqual({
      ok: true,
      namespace: { name: env.TEMPORAL_NAMESPACE, made: false },
      retention: { days: 8, extendedFrom: null },
      searchAttributes: { registered: [] },
      ledger: { migrated: [] },
      schedule: { id: 'housekeeping:acme', made: false },
    });
  });

  test('leaves a retention without a gap, however short', async () => {
    const env = await newCompany();
    await retain(env.TEMPORAL_NAMESPACE, 1);
    expect((await setUp(env)).retention).toEqual({ days: 1, extendedFrom: null });
  });

  test('extends one that is shorter than the replay window', async () => {
    const wide = config('delivery: { windowBackSeconds: 200000 }');
    const env = await newCompany({ MINDTICKLE_CONFIG: wide });
    await retain(env.TEMPORAL_NAMESPACE, 1);
    expect((await setUp(env)).retention).toEqual({ days: 3, extendedFrom: 1 });
    expect((await setUp(env)).retention).toEqual({ days: 3, extendedFrom: null });
  });

  test('says to a person what it did', async () => {
    const env = await newCompany();
    await runSetup(env, {});
    const text = String(said.mock.calls[0]?.[0]);
    expect(text.split('\n').map((line) => line.slice(0, 19).trim())).toEqual([
      'namespace',
      'retention',
      'search attributes',
      'ledger',
      'schedule',
    ]);
    expect(text).toContain(`${env.TEMPORAL_NAMESPACE} (made)`);
    expect(text).toContain('8 days (as it was)');
  });

  test.each([
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
    [{ MINDTICKLE_COMPANY_ID: '' }, 'MINDTICKLE_COMPANY_ID: missing'],
    [{ RECEIPT_DAYS: '0.1' }, 'set RECEIPT_DAYS to 0.34 or more'],
  ])('with %j does nothing, and names the setting', async (settings, sentence) => {
    const refused = runSetup({ ...(await newCompany()), ...settings }, { json: true });
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(sentence);
    expect(said).not.toHaveBeenCalled();
  });

  test.each([
    [{ TEMPORAL_ADDRESS: '127.0.0.1:1' }, 'Temporal at 127.0.0.1:1 cannot be reached (TEMPORAL_ADDRESS)'],
    [{ DATABASE_URL: 'postgres://u:a-password@127.0.0.1:1/x' }, 'the ledger (DATABASE_URL): connect ECONNREFUSED'],
  ])('with %j names what cannot be reached, and no secret', async (settings, sentence) => {
    const failed = runSetup({ ...(await newCompany()), ...settings }, { json: true });
    await expect(failed).rejects.toThrow(sentence);
    await expect(failed).rejects.not.toThrow('a-password');
    expect(said).not.toHaveBeenCalled();
  });
});
