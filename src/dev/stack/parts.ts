import { z } from 'zod';
import type { Environment } from '../../settings';
import { answers, says, startChild, type ChildOptions } from '../child';
import { logFileOf, type DataDir, type Registry } from '../data-dir';
import { findTemporalCli, startDevServer, type DevServerOptions } from '../temporal';
import {
  bareEnvironment,
  loopback,
  mindtickleApiUrl,
  namespaceOf,
  opsEnvironment,
  receiverEnvironment,
  workerEnvironment,
  type Shared,
} from './environment';
import type { Part, Running } from './process-group';

/** What every part is made with. */
export interface Setting {
  readonly env: Environment;
  readonly dir: DataDir;
  readonly registry: Registry;
  readonly progress: (line: string) => void;
}

type MtOptions<Ready> = Pick<ChildOptions<Ready>, 'args' | 'env' | 'graceMs' | 'readyWhen'> & {
  /** Its name in `dev.json` and in the registry; absent: that of the part. */
  readonly process?: string;
};

/** A part that is an `mt` of its own; `describe` says what others need to know of it once it is ready. */
function mtPart<Ready, Facts extends { readonly detail: string; readonly pids?: Running['pids'] }>(
  { dir, registry }: Setting,
  name: string,
  { process = name, ...options }: MtOptions<Ready>,
  describe: (ready: Ready, pid: number) => Facts,
): Part<Running & Facts> {
  const logFile = logFileOf(dir, name);
  const launch = async (signal: AbortSignal): Promise<Running & Facts> => {
    const onSpawn = (pid: number): void => registry.add(process, pid);
    const { pid, ready, exited, stop } = await startChild({ ...options, logFile, onSpawn, signal });
    return { pids: { [process]: pid }, exited, stop, ...describe(ready, pid) };
  };
  return { name, logFile, launch };
}

interface LedgerRunning extends Running {
  readonly url: string;
}

const ledgerReady = z.object({
  ready: z.literal(true),
  kind: z.enum(['postgres', 'pglite']),
  version: z.string(),
  url: z.string(),
  pid: z.number(),
});

export function ledgerPart(setting: Setting, port: number): Part<LedgerRunning> {
  const { env, dir, registry } = setting;
  const kind = env['LEDGER'];
  const options = {
    process: 'ledgerHost',
    args: [
      ...['ledger', '--data-dir', dir.ledger, '--port', String(port)],
      ...(kind === undefined || kind === '' ? [] : ['--kind', kind]),
    ],
    env: bareEnvironment(env),
    graceMs: 25_000,
    readyWhen: says(ledgerReady),
  };
  return mtPart(setting, 'ledger', options, ({ pid, url, version, ...ready }, host) => {
    if (pid !== host) registry.add('ledger', pid);
    const product = ready.kind === 'pglite' ? 'PGlite, PostgreSQL' : 'PostgreSQL';
    const pids: Running['pids'] = pid === host ? { ledger: host } : { ledger: pid, ledgerHost: host };
    return { pids, detail: `${product} ${version}`, url };
  });
}

interface TemporalRunning extends Running {
  readonly address: string;
  readonly uiUrl: string;
}

export function temporalPart(
  { env, dir, registry, progress }: Setting,
  options: Pick<DevServerOptions, 'port' | 'retentionDays'> & {
    readonly uiPort: number;
    readonly codecEndpoint?: string;
  },
): Part<TemporalRunning> {
  const logFile = logFileOf(dir, 'temporal');
  const launch = async (signal: AbortSignal): Promise<TemporalRunning> => {
    const { path, source } = await findTemporalCli({ env, progress, signal, fallbackDir: dir.cache });
    signal.throwIfAborted();
    const { address, pid, exited, stop } = await startDevServer({
      cliPath: path,
      dbFile: dir.temporalDb,
      ...options,
      namespace: namespaceOf(env),
      logFile,
      onSpawn: (spawned) => registry.add('temporal', spawned),
      signal,
    });
    const uiUrl = `http://127.0.0.1:${options.uiPort}`;
    return { pids: { temporal: pid }, detail: `${address} (${path}, from ${source})`, exited, stop, address, uiUrl };
  };
  return { name: 'temporal', logFile, launch };
}

interface StandInsRunning extends Running {
  readonly url: string;
  readonly smtpUrl: string;
  readonly mindtickleApi: { readonly url: string; readonly token: string };
}

const standInsReady = z.object({ ready: z.literal(true), url: z.string(), smtpUrl: z.string() });

export function standInsPart(
  setting: Setting,
  ports: { readonly http: number; readonly smtp: number },
  /** Without a file they keep what they hold in memory alone. */
  { token, stateFile }: { readonly token: string; readonly stateFile?: string },
): Part<StandInsRunning> {
  const options = {
    process: 'standIns',
    args: [
      ...['stand-ins', '--port', String(ports.http), '--smtp-port', String(ports.smtp)],
      ...(stateFile === undefined ? [] : ['--state-file', stateFile]),
    ],
    // Not an argument: those can be read by every user of the machine.
    env: { ...bareEnvironment(setting.env), STAND_INS_TOKEN: token },
    graceMs: 3_000,
    readyWhen: says(standInsReady),
  };
  return mtPart(setting, 'stand-ins', options, ({ url, smtpUrl }) => ({
    ...{ detail: url, url, smtpUrl },
    mindtickleApi: { url: mindtickleApiUrl(url), token },
  }));
}

export function receiverPart(setting: Setting, shared: Shared): Part {
  const url = loopback(shared.receiverPort);
  const options = {
    args: ['receiver'],
    env: receiverEnvironment(shared),
    graceMs: 10_000,
    readyWhen: answers(`${url}/readyz`),
  };
  return mtPart(setting, 'receiver', options, () => ({ detail: url }));
}

export function workerPart(setting: Setting, shared: Shared): Part {
  const options = {
    args: ['worker'],
    env: workerEnvironment(shared),
    graceMs: 15_000,
    readyWhen: says(z.object({ ready: z.literal(true) })),
  };
  return mtPart(setting, 'worker', options, () => ({ detail: 'polling' }));
}

export function opsPart(setting: Setting, shared: Shared): Part {
  const options = {
    args: ['ops'],
    env: opsEnvironment(shared),
    graceMs: 10_000,
    readyWhen: says(z.object({ ready: z.literal(true) })),
  };
  return mtPart(setting, 'ops', options, () => ({ detail: loopback(shared.opsPort) }));
}
