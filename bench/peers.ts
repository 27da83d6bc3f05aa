import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { poll } from '../src/dev/child';
import { SECRET } from './deliveries';
import type { Server, Stack } from './stack';
import { Missing, versionIn, type System, type Variant } from './variant';

export const floor: Variant = {
  name: 'floor',
  description: 'Express 5, HMAC, an append-only file with one flush for all that wait; nothing behind it',
  acknowledges: true,
  start: async ({ startServer, folder }) => {
    const server = await startServer('floor.mjs', { SECRET, DIR: folder('floor') });
    return { url: () => server.url, pids: () => ({ server: server.pid }), completed: undefined, versions: {} };
  },
};

export const bullmq: Variant = {
  name: 'BullMQ',
  description: 'Express adds a job; Redis with appendfsync always; one worker, 50 jobs at once, that do nothing',
  acknowledges: true,
  start: async (stack) => {
    const program = ['redis-server', 'valkey-server'].find(isOnPath);
    if (program === undefined) throw new Missing('no redis-server here: apt-get install redis-server');
    const port = await stack.freePort();
    const args = ['--port', String(port), '--dir', stack.folder('redis'), '--save', '', '--bind', '127.0.0.1'];
    const redis = await stack.startProgram(program, [...args, '--appendonly', 'yes', '--appendfsync', 'always'], {
      isReady: (over) => poll(over, () => isListening(port)),
    });
    const env = { SECRET, REDIS_PORT: String(port) };
    const { server, worker } = await startBoth(stack, 'bullmq.mjs', env);
    const versions = { bullmq: versionOf('bullmq'), redis: redisVersion(program) };
    return systemOf({ server, worker, redis }, server, versions);
  },
};

export const pgBoss: Variant = {
  name: 'pg-boss',
  description: 'Express sends a job; the same Postgres; one worker of four loops, 100 jobs a batch, that do nothing',
  acknowledges: true,
  start: async (stack) => {
    const { server, worker } = await startBoth(stack, 'pg-boss.mjs', { SECRET, DATABASE_URL: stack.ledger.url });
    const pids = { server, worker, postgres: { pid: stack.ledger.pid } };
    return systemOf(pids, worker, { 'pg-boss': versionOf('pg-boss') });
  },
};

export const restate: Variant = {
  name: 'Restate',
  description: 'Express sends to a service of two recorded steps that do nothing; one server, its own log',
  acknowledges: true,
  start: async (stack) => {
    const folder = packageFolder(`@restatedev/restate-server-${process.platform}-${process.arch}`);
    const [ingress, admin, node, service] = await Promise.all(Array.from({ length: 4 }, stack.freePort));
    const adminUrl = `http://127.0.0.1:${String(admin)}`;
    const isReady = (over: AbortSignal): Promise<void> =>
      poll(over, async () => (await fetch(`${adminUrl}/health`, { signal: over })).ok);
    const server = await stack.startProgram(
      join(folder, 'bin', 'restate-server'),
      ['--no-logo', '--node-name', 'bench'],
      {
        env: {
          RESTATE_BASE_DIR: stack.folder('restate'),
          RESTATE_LISTEN_MODE: 'tcp',
          RESTATE_BIND_ADDRESS: `127.0.0.1:${String(node)}`,
          RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${String(node)}`,
          RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${String(ingress)}`,
          RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${String(admin)}`,
          RESTATE_DISABLE_TELEMETRY: 'true',
          RUST_LOG: 'error',
        },
        isReady,
      },
    );
    const env = {
      SECRET,
      RESTATE_LOGGING: 'ERROR',
      INGRESS: `http://127.0.0.1:${String(ingress)}`,
      SERVICE_PORT: String(service),
    };
    const both = await startBoth(stack, 'restate.mjs', env);
    await register(adminUrl, `http://127.0.0.1:${String(service)}`);
    const versions = { restate: versionOf('@restatedev/restate-server') };
    return systemOf({ server: both.server, worker: both.worker, restate: server }, both.worker, versions);
  },
};

async function startBoth(
  { startServer }: Stack,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly server: Server; readonly worker: Server }> {
  const [server, worker] = await Promise.all([startServer(file, env), startServer(file, { ...env, ROLE: 'worker' })]);
  return { server, worker };
}

type Parts = { readonly server: Server } & Readonly<Record<string, { readonly pid: number }>>;

/** `counts`: the one that knows how many were worked off. */
function systemOf(parts: Parts, counts: Server, versions: Readonly<Record<string, string>>): System {
  return {
    url: () => parts.server.url,
    pids: () => Object.fromEntries(Object.entries(parts).map(([name, { pid }]) => [name, pid])),
    completed: async () => Number(await (await fetch(`${counts.url}/completed`)).text()),
    versions,
  };
}

async function register(adminUrl: string, uri: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${adminUrl}/deployments`, { method: 'POST', headers, body: JSON.stringify({ uri }) });
  if (!response.ok) throw new Error(`Restate does not take our service: ${response.status} ${await response.text()}`);
}

/** @throws Missing */
function packageFolder(name: string): string {
  const folder = join(__dirname, 'node_modules', name);
  if (!existsSync(folder)) throw new Missing(`no package ${name}`);
  return folder;
}

function versionOf(name: string): string {
  return versionIn(packageFolder(name));
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

function redisVersion(program: string): string {
  return /v=(\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
