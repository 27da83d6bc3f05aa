import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Pool } from 'pg';
import { openLedger } from '../ledger/fixture';
import { find, howToGet, install, peers, type Peer } from './binaries';
import { startKeycloak, tryKeycloak } from './keycloak';
import { startMail, tryMail } from './mail';
import { startPgBouncer, startPostgres, tryDocumentedRights, tryLedger } from './postgres';
import { directory, endAll, onEnd } from './processes';
import { startS3, tryS3 } from './s3';
import { startScim, startWithHabits, tryScim, withToken } from './scim';
import { startToxiproxy, type Proxy } from './toxiproxy';
import type { Outcome } from './trial';
import { startRalph, tryXapi } from './xapi';

const USAGE = `npm run test:peers -- [--install] [--allow-missing] [--only <part of a peer's name>]

The connectors, against servers that we did not write, on loopback: each step twice, observed, and with Toxiproxy in front,
with its answer lost, the peer down, slow and silent. --install fetches what is missing into the cache of the user (go, pip, Maven).
Exit code 0: all passed. 1: one did not, or no peer of a kind was there (not with --allow-missing). 2: bad usage.`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Row {
  readonly kind: string;
  readonly peer: string;
  readonly version: string;
  readonly outcome: string;
  readonly calls: string;
  readonly faults: string;
}

interface Surroundings {
  readonly pool: Pool;
  readonly proxyFor: (port: number) => Promise<Proxy | undefined>;
}

interface Kind {
  readonly kind: string;
  readonly peer: Peer;
  readonly name?: string;
  readonly start: (program: string, surroundings: Surroundings) => Promise<Outcome>;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'identity by SCIM',
    peer: peers.scim,
    start: async (program, { pool, proxyFor }) => {
      const port = await startScim(program);
      return tryScim(pool, withToken(port), port, await proxyFor(port));
    },
  },
  {
    kind: 'identity by SCIM',
    peer: peers.scim,
    name: 'scim2-server, habits of others',
    start: async (program, { pool, proxyFor }) => {
      const direct = await startScim(program);
      const port = await startWithHabits(direct);
      return tryScim(pool, withToken(direct), port, await proxyFor(port));
    },
  },
  {
    kind: 'identity by SCIM',
    peer: peers.keycloak,
    start: async (program, { pool, proxyFor }) => {
      const keycloak = await startKeycloak(program);
      return tryKeycloak(pool, keycloak, await proxyFor(keycloak.port));
    },
  },
  {
    kind: 'mail',
    peer: peers.mail,
    start: async (program, { pool, proxyFor }) => {
      const server = await startMail(program, join(await directory(), 'mail.db'));
      return tryMail(pool, server, await proxyFor(server.smtp));
    },
  },
  {
    kind: 'LRS',
    peer: peers.xapi,
    start: async (program, { pool, proxyFor }) => {
      const ralph = await startRalph(program, await directory());
      return tryXapi(pool, ralph, await proxyFor(ralph.port));
    },
  },
  {
    kind: 'archive on S3',
    peer: peers.s3,
    start: async (program, { pool, proxyFor }) => {
      const port = await startS3(program, await directory());
      return tryS3(pool, port, await proxyFor(port));
    },
  },
  {
    kind: 'ledger',
    peer: peers.postgres,
    start: async () => tryLedger(databaseUrl(), join(await directory(), 'jest.json')),
  },
  {
    kind: 'ledger',
    peer: peers.postgres,
    name: 'PostgreSQL, rights to rows',
    start: async () => {
      await tryDocumentedRights(databaseUrl());
      return tryLedger(databaseUrl(), join(await directory(), 'jest.json'), 'rows');
    },
  },
  {
    kind: 'ledger behind a pooler',
    peer: peers.pgbouncer,
    name: 'PgBouncer, transaction mode',
    start: async (program) => {
      const url = await startPgBouncer(program, databaseUrl());
      return tryLedger(url, join(await directory(), 'jest.json'));
    },
  },
];

function databaseUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined) throw new Error(`no PostgreSQL is here: ${howToGet(peers.postgres)}`);
  return url;
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    say(USAGE);
    return 2;
  }
  const chosen = KINDS.filter(({ peer, name = peer.name }) => name.includes(options.only));
  if (chosen.length === 0) {
    say(`no peer is named ${options.only}: there are ${KINDS.map(({ peer, name = peer.name }) => name).join('; ')}`);
    return 2;
  }
  if (options.install) installMissing();
  const surroundings = await openSurroundings();
  const rows: Row[] = [];
  for (const kind of chosen) {
    const row = await tryKind(kind, surroundings);
    say(`${row.peer}: ${row.outcome}`);
    rows.push(row);
  }
  print(rows);
  const missing = [...new Set(rows.map(({ kind }) => kind))].filter(
    (kind) => !rows.some((row) => row.kind === kind && row.outcome !== 'skipped'),
  );
  if (missing.length > 0) say(`\nno peer of this kind: ${missing.join(', ')}`);
  const isGreen = rows.every(({ outcome }) => outcome !== 'failed');
  return isGreen && (missing.length === 0 || options.allowMissing) ? 0 : 1;
}

/** The ledger on the Postgres that is here, else on an embedded one. */
async function openSurroundings(): Promise<Surroundings> {
  const initdb = find(peers.postgres);
  if (initdb !== undefined) process.env['TEST_DATABASE_URL'] = await startPostgres(initdb);
  const toxiproxy = find(peers.proxy);
  if (toxiproxy === undefined) say(`toxiproxy is not here, so no fault is tried: ${howToGet(peers.proxy)}`);
  const proxyFor = toxiproxy === undefined ? () => Promise.resolve(undefined) : await startToxiproxy(toxiproxy);
  const ledger = await openLedger();
  onEnd(() => ledger.stop());
  return { pool: ledger.pool, proxyFor };
}

function readOptions(args: readonly string[]): { install: boolean; allowMissing: boolean; only: string } | undefined {
  try {
    const options = {
      install: { type: 'boolean' },
      'allow-missing': { type: 'boolean' },
      only: { type: 'string' },
    } as const;
    const { values } = parseArgs({ args: [...args], options });
    return {
      install: values.install === true,
      allowMissing: values['allow-missing'] === true,
      only: values.only ?? '',
    };
  } catch {
    return undefined;
  }
}

/** What cannot be had here is skipped, by name. */
function installMissing(): void {
  for (const peer of Object.values<Peer>(peers)) {
    if (find(peer) !== undefined || peer.get === undefined) continue;
    say(`fetching ${peer.name}`);
    try {
      install(peer);
    } catch (error) {
      say(`${peer.name} could not be fetched: ${(error as Error).message}`);
    }
  }
}

async function tryKind({ kind, peer, name = peer.name, start }: Kind, surroundings: Surroundings): Promise<Row> {
  const program = find(peer);
  const row = { kind, peer: name, version: program === undefined ? '' : peer.version(program), calls: '', faults: '' };
  if (program === undefined) return { ...row, outcome: 'skipped', faults: `not here: ${howToGet(peer)}` };
  try {
    const { calls, faults } = await start(program, surroundings);
    return { ...row, outcome: 'passed', calls: String(calls), faults: faults.join(', ') || 'none' };
  } catch (error) {
    say(`${name}: ${(error as Error).stack ?? String(error)}`);
    return { ...row, outcome: 'failed' };
  }
}

function print(rows: readonly Row[]): void {
  const columns = ['kind', 'peer', 'version', 'outcome', 'calls', 'faults'] as const;
  const lines = [Object.fromEntries(columns.map((column) => [column, column])) as unknown as Row, ...rows];
  const widths = columns.map((column) => Math.max(...lines.map((line) => line[column].length)));
  for (const line of lines)
    say(
      columns
        .map((column, index) => line[column].padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

const stopped = new Promise<number>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(130));
});
void Promise.race([main(process.argv.slice(2)), stopped])
  .catch((error: unknown) => {
    say((error as Error).stack ?? String(error));
    return 1;
  })
  .then(async (code) => {
    await endAll();
    process.exit(code);
  });
