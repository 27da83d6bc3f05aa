import { DAY, retentionDaysFor } from '../domain';
import { openPool, prepareLedger } from '../ledger';
import { setupSettings, type Environment, type SetupSettings } from '../settings';
import { createLogger } from '../telemetry';
import {
  connectNow,
  type Connected,
  ensureNamespace,
  prepareNamespace,
  readRetention,
  RETENTION_DAYS,
  ensureHousekeeping,
} from '../temporal';

/** What is there now, and what of it is new; the JSON document of `mt setup --json`. */
export interface SetUp {
  readonly ok: true;
  readonly namespace: { readonly name: string; readonly made: boolean };
  /** In days; null: the server does not say. */
  readonly retention: { readonly days: number | null; readonly extendedFrom: number | null };
  readonly searchAttributes: { readonly registered: readonly string[] };
  readonly ledger: { readonly migrated: readonly string[] };
  readonly schedule: { readonly id: string; readonly made: boolean };
}

/** A migration of a big ledger takes longer than a step of a workflow may. */
const LEDGER_TIMEOUT_MS = 60_000;

/**
 * `mt setup`: see to all that the processes find there when they start. Idempotent: what is there stays, and retention is
 * only ever made longer.
 * @returns 0.
 * @throws SettingsError for missing or malformed settings; Error that names what cannot be reached, or refuses.
 */
export async function runSetup(env: Environment, { json = false }: { readonly json?: boolean }): Promise<number> {
  const settings = setupSettings(env);
  const log = createLogger('setup', settings.logLevel);
  const connected = await connectNow({ log, env });
  try {
    const done: SetUp = {
      ok: true,
      ...(await setUpTemporal(connected, settings)),
      ledger: await setUpLedger(settings),
    };
    console.log(json ? JSON.stringify(done) : describe(done));
    return 0;
  } finally {
    await connected.close();
  }
}

async function setUpTemporal(
  { client, connection, namespace: name }: Connected,
  settings: SetupSettings,
): Promise<Omit<SetUp, 'ok' | 'ledger'>> {
  const neededDays = retentionDaysFor(settings);
  try {
    const made = await ensureNamespace(connection, name, Math.max(RETENTION_DAYS, neededDays));
    const before = await readRetention(connection, name);
    // The owner pays for storage: no longer than what closes a gap.
    const { registered, retentionMs } = await prepareNamespace(connection, name, 'extend', neededDays);
    const { id, was } = await ensureHousekeeping(client, settings.companyId);
    return {
      namespace: { name, made },
      retention: { days: days(retentionMs), extendedFrom: before === retentionMs ? null : days(before) },
      searchAttributes: { registered },
      schedule: { id, made: was === 'created' },
    };
  } catch (error) {
    throw new Error(`Temporal, namespace ${name}: ${(error as Error).message}`, { cause: error });
  }
}

async function setUpLedger({ databaseUrl }: SetupSettings): Promise<SetUp['ledger']> {
  const pool = openPool({ url: databaseUrl, max: 1, timeoutMs: LEDGER_TIMEOUT_MS });
  try {
    return { migrated: await prepareLedger(pool) };
  } finally {
    await pool.end();
  }
}

function days(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / DAY;
}

function describe({ namespace, retention, searchAttributes, ledger, schedule }: SetUp): string {
  const { registered } = searchAttributes;
  const rows = [
    ['namespace', namespace.name, namespace.made ? 'made' : 'was there'],
    ['retention', retention.days === null ? 'not known' : `${retention.days} days`, extended(retention.extendedFrom)],
    ['search attributes', 'all there', registered.length === 0 ? 'were there' : `registered ${registered.join(', ')}`],
    ['ledger', 'up to date', ledger.migrated.length === 0 ? 'was so' : `applied: ${ledger.migrated.join('; ')}`],
    ['schedule', schedule.id, schedule.made ? 'made' : 'was there'],
  ];
  return rows.map(([part = '', is = '', was = '']) => `${part.padEnd(19)}${is} (${was})`).join('\n');
}

function extended(fromDays: number | null): string {
  return fromDays === null ? 'as it was' : `was ${fromDays}: an event sent again would have counted as a new one`;
}
