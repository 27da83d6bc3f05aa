import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { answers, startChild } from '../src/dev/child';
import { dataDirAt, makeFolders, openRegistry, type DataDir } from '../src/dev/data-dir';
import { bareEnvironment } from '../src/dev/stack/environment';
import { ledgerPart, temporalPart, type Setting } from '../src/dev/stack/parts';
import { choosePorts } from '../src/dev/stack/ports';
import type { Part, Running } from '../src/dev/stack/process-group';
import { RETENTION_DAYS } from '../src/temporal';

/** What variants share, so that the machine carries one of each: a variant's window of time is its own. */
export interface Stack {
  readonly dir: DataDir;
  readonly setting: Setting;
  readonly client: Client;
  readonly temporal: { readonly address: string; readonly pid: number };
  readonly ledger: { readonly url: string; readonly pid: number };
  readonly launch: <R extends Running>(part: Part<R>) => Promise<R>;
  readonly freePort: () => Promise<number>;
  /** A program of `servers/` with this environment, until `GET /completed` is answered on its PORT. */
  readonly startServer: (file: string, env: NodeJS.ProcessEnv) => Promise<Server>;
  readonly startProgram: (
    program: string,
    args: readonly string[],
    options: ProgramOptions,
  ) => Promise<{ readonly pid: number }>;
  /** An empty folder. */
  readonly folder: (name: string) => string;
  /** Aborted: everything is to end. */
  readonly signal: AbortSignal;
  /** End every process, the newest first, and remove every file. */
  readonly stop: () => Promise<void>;
}

export interface Server {
  readonly url: string;
  readonly pid: number;
}

export interface ProgramOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly isReady: (signal: AbortSignal) => Promise<void>;
}

const GRACE_MS = 5000;

/** Temporal and Postgres on this machine's disk, in a directory that `stop` removes. */
export async function openStack(signal: AbortSignal, progress: (line: string) => void): Promise<Stack> {
  const path = await mkdtemp(join(tmpdir(), 'mindtickle-bench-'));
  // The user that Postgres runs as has to reach it.
  await chmod(path, 0o755);
  const closers: (() => unknown)[] = [() => rm(path, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    return { ...(await openParts({ path, signal, progress, closers })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Opening {
  readonly path: string;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
  readonly closers: (() => unknown)[];
}

async function openParts({ path, signal, progress, closers }: Opening): Promise<Omit<Stack, 'stop'>> {
  const dir = dataDirAt(path);
  makeFolders(dir);
  await writeFile(dir.config, POLICY);
  const env = bareEnvironment(process.env);
  const setting: Setting = { env, dir, registry: openRegistry(dir.processes), progress };
  const launch: Stack['launch'] = async (part) => {
    signal.throwIfAborted();
    const running = await part.launch(signal);
    closers.push(() => running.stop());
    return running;
  };
  const ports = await choosePorts(['ledger', 'temporal', 'ui'].map((part) => ({ part, port: 0 })));
  const temporalPorts = { port: ports['temporal'] ?? 0, uiPort: ports['ui'] ?? 0, retentionDays: RETENTION_DAYS };
  const [ledger, temporal] = await Promise.all([
    launch(ledgerPart(setting, ports['ledger'] ?? 0)),
    launch(temporalPart(setting, temporalPorts)),
  ]);
  const connection = await Connection.connect({ address: temporal.address });
  closers.push(() => connection.close());
  return {
    ...{ dir, setting, signal, launch, freePort },
    client: new Client({ connection }),
    temporal: { address: temporal.address, pid: temporal.pids['temporal'] ?? 0 },
    ledger: { url: ledger.url, pid: ledger.pids['ledger'] ?? 0 },
    ...createStarting({ path, signal, closers }),
  };
}

const POLICY = `administrators: [admin@bench.example]
offboarding:
  limitPerHour: 1000000
`;

async function freePort(): Promise<number> {
  return (await choosePorts([{ part: 'one', port: 0 }])).one;
}

function createStarting({ path, signal, closers }: Omit<Opening, 'progress'>) {
  const startProgram: Stack['startProgram'] = async (program, args, { env = {}, isReady }) => {
    const { PATH, HOME } = process.env;
    const child = await startChild({
      program,
      args,
      env: { PATH, HOME, ...env },
      graceMs: GRACE_MS,
      logFile: join(path, 'logs', 'bench.log'),
      readyWhen: (_child, over) => isReady(over),
      signal,
    });
    closers.push(() => child.stop());
    return { pid: child.pid };
  };
  const startServer: Stack['startServer'] = async (file, env) => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { pid } = await startProgram(process.execPath, [join(__dirname, 'servers', file)], {
      env: { ...env, PORT: String(port), NODE_ENV: 'production' },
      isReady: (over) => answers(`${url}/completed`)({} as never, over),
    });
    return { url, pid };
  };
  const folder = (name: string): string => {
    const made = join(path, `${name}-${randomBytes(4).toString('hex')}`);
    mkdirSync(made);
    return made;
  };
  return { startProgram, startServer, folder };
}
