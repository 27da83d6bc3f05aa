import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { endChild, howItEnds } from '../process';
import { prepareNamespace, searchAttributes } from '../../temporal';

export interface DevServerOptions {
  readonly cliPath: string;
  /** The SQLite file that keeps histories over a restart; made when absent. */
  readonly dbFile: string;
  readonly port: number;
  readonly uiPort: number;
  /** Loopback when absent. */
  readonly ip?: string;
  /** `default` when absent. */
  readonly namespace?: string;
  /** How long it keeps a closed workflow at least; RETENTION_DAYS when absent. */
  readonly retentionDays?: number;
  /** Without the Web UI. */
  readonly headless?: boolean;
  /** What the server says is added to this file; absent: dropped. */
  readonly logFile?: string | undefined;
  /** Told the process id as soon as there is one, before the server is ready. */
  readonly onSpawn?: (pid: number) => void;
  /** Aborted before it is ready: the server is ended. */
  readonly signal?: AbortSignal;
}

export interface DevServer {
  /** `host:port` */
  readonly address: string;
  readonly uiUrl: string;
  readonly pid: number;
  /** Resolves when the process is gone, with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>;
  /** SIGTERM, and SIGKILL when that was not enough. */
  readonly stop: () => Promise<void>;
}

/** An older data file with many histories takes a while to open. */
const START_TIMEOUT_MS = 60_000;
const HEALTH_TIMEOUT_MS = 1_000;
const HEALTH_EVERY_MS = 50;
const STOP_TIMEOUT_MS = 5_000;
/** Of `grpc.health.v1`. */
const SERVING = 1;

/**
 * Start Temporal's development server on a file, with its Web UI, and wait until it is healthy and its namespace has
 * our search attributes and retention. The process has a group of its own: Ctrl-C in the terminal does not reach it.
 * @throws Error when it ended, or was not healthy in time; nothing is left running then.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { ip = '127.0.0.1', namespace = 'default' } = options;
  const child = launch(options.cliPath, argumentsFor(options, ip, namespace), options.logFile);
  const exited = howItEnds(child);
  const stop = (): Promise<void> => endChild(child, exited, STOP_TIMEOUT_MS);
  const address = `${ip}:${options.port}`;
  if (child.pid === undefined) throw new Error(`the Temporal server did not start: ${await exited}`);
  endWithUs(child.pid, exited);
  options.onSpawn?.(child.pid);
  try {
    const connection = await healthy(address, exited, options.signal);
    try {
      await prepareNamespace(connection, namespace, 'extend', options.retentionDays);
    } finally {
      await connection.close();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, uiUrl: `http://${ip}:${options.uiPort}`, pid: child.pid, exited, stop };
}

function argumentsFor(options: DevServerOptions, ip: string, namespace: string): string[] {
  const args = ['server', 'start-dev', '--ip', ip, '--port', String(options.port), '--log-level', 'warn'];
  args.push(...(options.headless === true ? ['--headless'] : ['--ui-port', String(options.uiPort)]));
  args.push('--db-filename', options.dbFile);
  // What the server acknowledged survives a crash of the machine too: `synchronous=2` is FULL.
  args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2');
  if (namespace !== 'default') args.push('--namespace', namespace);
  for (const { name, type } of Object.values(searchAttributes)) {
    args.push('--search-attribute', `${name}=${type === SearchAttributeType.DATETIME ? 'Datetime' : 'Keyword'}`);
  }
  return args;
}

function launch(cliPath: string, args: readonly string[], logFile: string | undefined): ChildProcess {
  const output = logFile === undefined ? 'ignore' : openSync(logFile, 'a', 0o600);
  try {
    // Without our environment: it may name another Temporal, or a profile that is not for this server.
    const { PATH, HOME, TMPDIR } = process.env;
    return spawn(cliPath, args, { detached: true, stdio: ['ignore', output, output], env: { PATH, HOME, TMPDIR } });
  } finally {
    if (typeof output === 'number') closeSync(output);
  }
}

/**
 * See to it that the server ends when we are gone, even by SIGKILL: a shell waits for its input, which the kernel closes
 * then. Where there is no shell, the next start finds the server and ends it.
 */
function endWithUs(pid: number, exited: Promise<string>): void {
  const watcher = spawn('sh', ['-c', 'read line || kill -TERM "$1"', 'sh', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => undefined);
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  // A line, not the end of its input: the number may be another process's by now.
  void exited.then(() => watcher.stdin.end('\n'));
}

/** @throws Error when the server ends, does not become healthy in time, or `signal` is aborted. */
async function healthy(address: string, exited: Promise<string>, signal?: AbortSignal): Promise<Connection> {
  let ended: string | undefined;
  void exited.then((how) => (ended = how));
  const deadline = Date.now() + START_TIMEOUT_MS;
  // Its first refusals are expected: without this the next try comes after a second.
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': HEALTH_EVERY_MS, 'grpc.max_reconnect_backoff_ms': 200 };
  const connection = Connection.lazy({ address, channelArgs });
  try {
    for (;;) {
      const isUp = await isServing(connection);
      signal?.throwIfAborted();
      if (isUp) return connection;
      if (ended !== undefined) throw new Error(`the Temporal server ended: ${ended}`);
      if (Date.now() > deadline) throw new Error(`the Temporal server was not healthy in ${START_TIMEOUT_MS / 1000} s`);
      await delay(HEALTH_EVERY_MS, undefined, signal && { signal });
    }
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function isServing(connection: Connection): Promise<boolean> {
  const service = 'temporal.api.workflowservice.v1.WorkflowService';
  try {
    const { status } = await connection.withDeadline(Date.now() + HEALTH_TIMEOUT_MS, () =>
      connection.healthService.check({ service }),
    );
    return (status as number) === SERVING;
  } catch {
    return false;
  }
}
