import { open } from 'node:fs/promises';
import { explainLedger, importPeople, openPool, type Imported, type ImportRules, type Person } from '../../ledger';
import { ledgerUrl, SettingsError, withDotEnv, type Environment } from '../../settings';
import { dataDirOf, readDevLedger } from '../../dev/data-dir';
import { readPeople, type PersonRow } from './people';

export { runLearnersForget, type ForgetCommand } from './forget';

export interface ImportCommand {
  readonly dryRun?: boolean;
  readonly overwrite?: boolean;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The JSON document of `mt learners import --json`. */
export interface ImportReport {
  /** Rows, those that were left out included. */
  readonly read: number;
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly leftOut: readonly { readonly line: number; readonly reason: string }[];
  readonly dryRun: boolean;
}

/** People that are looked up at once. */
const BATCH = 500;
const TIMEOUT_MS = 30_000;

/**
 * `mt learners import`: add to the ledger who is there already, from the CSV file at `path`; `-` is standard input.
 * @returns 0 when every row was imported, 1 when some were left out.
 * @throws SettingsError when nothing says where the ledger is, or the file cannot be read; Error when the
 * ledger fails: what was imported by then stays, and the same call goes on from there.
 */
export async function runLearnersImport(path: string, options: ImportCommand): Promise<number> {
  const { dryRun = false, overwrite = false, json = false } = options;
  const url = urlOf(options, withDotEnv(process.env));
  const people = readPeople(await chunksOf(path), (names) =>
    console.error(`mt: columns not read: ${names.join(', ')}`),
  );
  const pool = openPool({ url, timeoutMs: TIMEOUT_MS });
  try {
    const { kept, ...report } = await importAll(people, { dryRun, overwrite }, (batch, rules) =>
      importPeople(pool, batch, rules).catch(refuse),
    );
    if (json) console.log(JSON.stringify(report));
    else describe(report);
    if (kept > 0)
      console.error(
        `mt: ${kept} row(s) say something else than what has become known since, and that was kept (--overwrite: the file wins)`,
      );
    return report.leftOut.length === 0 ? 0 : 1;
  } finally {
    await pool.end();
  }
}

function urlOf({ dataDir }: ImportCommand, env: Environment): string {
  const url = ledgerUrl(env)?.() ?? readDevLedger(dataDir ?? dataDirOf(env));
  if (url === undefined)
    throw new SettingsError([
      'DATABASE_URL: missing, and no mt dev with a ledger of its own runs on this data directory',
    ]);
  return url;
}

async function chunksOf(path: string): Promise<AsyncIterable<Buffer>> {
  if (path === '-') return process.stdin;
  try {
    const file = await open(path);
    if ((await file.stat()).isDirectory()) throw new Error('is a directory');
    return file.createReadStream();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SettingsError([`${path}: cannot be read (${code ?? message})`]);
  }
}

type ImportBatch = (people: readonly Person[], rules: ImportRules) => Promise<readonly Imported[]>;

async function importAll(
  rows: AsyncIterable<PersonRow>,
  rules: ImportRules,
  importBatch: ImportBatch,
): Promise<ImportReport & { readonly kept: number }> {
  const counts = { read: 0, added: 0, changed: 0, unchanged: 0, kept: 0 };
  const leftOut: { line: number; reason: string }[] = [];
  let batch: Person[] = [];
  const flush = async (): Promise<void> => {
    for (const { effect, kept } of await importBatch(batch, rules)) {
      counts[effect] += 1;
      if (kept) counts.kept += 1;
    }
    batch = [];
  };
  for await (const row of rows) {
    counts.read += 1;
    if ('reason' in row) leftOut.push(row);
    else batch.push(row.person);
    if (batch.length === BATCH) await flush();
  }
  if (batch.length > 0) await flush();
  return { ...counts, leftOut, dryRun: rules.dryRun };
}

function refuse(error: unknown): never {
  throw new Error(`the ledger: ${explainLedger(error)}`, { cause: error });
}

function describe({ read, added, changed, unchanged, leftOut, dryRun }: ImportReport): void {
  for (const { line, reason } of leftOut) console.error(`line ${line}: ${reason}`);
  const head = dryRun ? `${read} read, nothing written; it would be` : `${read} read`;
  console.log(`${head}: ${added} added, ${changed} changed, ${unchanged} unchanged, ${leftOut.length} left out`);
}
