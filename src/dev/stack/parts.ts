import { z } from 'zod';
import { startDevServer, findTemporalCli } from '../temporal';
import { answers, says, startChild, type ChildOptions } from './child-process';
import { logFileOf, type DataDir, type Registry } from '../data-dir';
import { bareEnvironment, namespaceOf, receiverEnvironment, workerEnvironment, type Shared } from './environment';
import type { Part, Running } from './supervise';
import type { Environment } from '../../settings';

/** What every part is made with. */
export interface Setting {
  readonly env: Environment;
  readonly dir: DataDir;
  readonly registry: Registry;
  readonly progress: (line: string) => void;
}

export interface LedgerRunning extends Running {
  readonly url: string;
}

export interface StandInsRunning extends Running {
  readonly url: string;
  readonly smtpUrl: string;
}

export interface TemporalRunning extends Running {
  readonly address: string;
  readonly uiUrl: string;
}

/** Longer than what each does by itself when it is told to stop. */
const GRACE_MS = { ledger: 25_000, standIns: 3_000, receiver: 10_000, worker: 15_000 } as const;

const ledgerReady = z.object({
  ready: z.literal(true),
  kind: z.enum(['postgres', 'pglite']),
  version: z.string(),
  url: z.string(),
  pid: z.number(),
});

export function ledgerPart(setting: Setting, port: number): Part<LedgerRunning> {
  const { env, dir, registry } = setting;
  const args = ['ledger', '--data-dir', dir.ledger, '--port', String(port)];
  const kind = env['LEDGER'];
  if (kind !== undefined && kind !== '') args.push('--kind', kind);
  return {
    name: 'ledger',
    launch: async (signal) => {
      const child = await startChild({
        ...childOptions(setting, 'ledger', signal),
        args,
        env: bareEnvironment(env),
        graceMs: GRACE_MS.ledger,
        readyWhen: says(ledgerReady),
        onSpawn: (pid) => registry.add('ledgerHost', pid),
      });
      const { ready, pid: host, exited, stop } = child;
      if (ready.pid !== host) registry.add('ledger', ready.pid);
      const pids = ready.pid === host ? { ledger: host } : { ledger: ready.pid, ledgerHost: host };
      const name = ready.kind === 'pglite' ? 'PGlite, PostgreSQL' : 'PostgreSQL';
      return { pids, detail: `${name} ${ready.version}`, exited, stop, url: ready.url };
    },
  };
}

export interface TemporalOptions {
  readonly port: number;
  readonly uiPort: number;
  readonly retentionDays: number;
}

export function temporalPart(setting: Setting, options: TemporalOptions): Part<TemporalRunning> {
  const { env, dir, registry, progress } = setting;
  return {
    name: 'temporal',
    launch: async (signal) => {
      const { path, source } = await findTemporalCli({ env, progress, signal });
      signal.throwIfAborted();
      const server = await startDevServer({
        cliPath: path,
        dbFile: dir.temporalDb,
        ...options,
        namespace: namespaceOf(env),
        logFile: logFileOf(dir, 'temporal'),
        onSpawn: (pid) => registry.add('temporal', pid),
        signal,
      });
      const { address, uiUrl, pid, exited, stop } = server;
      return { pids: { temporal: pid }, detail: `${address} (${path}, from ${source})`, exited, stop, address, uiUrl };
    },
  };
}

const standInsReady = z.object({ ready: z.literal(true), url: z.string(), smtpUrl: z.string() });

export function standInsPart(
  setting: Setting,
  ports: { readonly http: number; readonly smtp: number },
  token: string,
): Part<StandInsRunning> {
  const { env, dir, registry } = setting;
  return {
    name: 'standIns',
    launch: async (signal) => {
      const { pid, ready, exited, stop } = await startChild({
        ...childOptions(setting, 'stand-ins', signal),
        args: [
          'stand-ins',
          '--port',
          String(ports.http),
          '--smtp-port',
          String(ports.smtp),
          '--state-file',
          dir.standInsState,
        ],
        // Not an argument: those can be read by every user of the machine.
        env: { ...bareEnvironment(env), STAND_INS_TOKEN: token },
        graceMs: GRACE_MS.standIns,
        readyWhen: says(standInsReady),
        onSpawn: (spawned) => registry.add('standIns', spawned),
      });
      return { pids: { standIns: pid }, detail: ready.url, exited, stop, url: ready.url, smtpUrl: ready.smtpUrl };
    },
  };
}

export function receiverPart(setting: Setting, shared: Shared): Part {
  const url = `http://127.0.0.1:${shared.receiverPort}`;
  return {
    name: 'receiver',
    launch: async (signal) => {
      const { pid, exited, stop } = await startChild({
        ...childOptions(setting, 'receiver', signal),
        args: ['receiver'],
        env: receiverEnvironment(shared),
        graceMs: GRACE_MS.receiver,
        readyWhen: answers(`${url}/readyz`),
        onSpawn: (spawned) => setting.registry.add('receiver', spawned),
      });
      return { pids: { receiver: pid }, detail: url, exited, stop };
    },
  };
}

export function workerPart(setting: Setting, shared: Shared): Part {
  return {
    name: 'worker',
    launch: async (signal) => {
      const { pid, exited, stop } = await startChild({
        ...childOptions(setting, 'worker', signal),
        args: ['worker'],
        env: workerEnvironment(shared),
        graceMs: GRACE_MS.worker,
        readyWhen: says(z.object({ ready: z.literal(true) })),
        onSpawn: (spawned) => setting.registry.add('worker', spawned),
      });
      return { pids: { worker: pid }, detail: 'polling', exited, stop };
    },
  };
}

function childOptions(
  { dir }: Setting,
  log: string,
  signal: AbortSignal,
): Pick<ChildOptions<unknown>, 'logFile' | 'signal'> {
  return { logFile: logFileOf(dir, log), signal };
}
