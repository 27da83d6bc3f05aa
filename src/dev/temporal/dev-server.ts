import { spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { Connection } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { prepareNamespace, searchAttributes } from '../../temporal';
import { poll, startChild, type Child, type ChildOptions } from '../child';

export interface DevServerOptions extends Pick<ChildOptions<void>, 'logFile' | 'onSpawn' | 'signal'> {
  readonly cliPath: string;
  /** The SQLite file that keeps histories over a restart; made when absent. */
  readonly dbFile: string;
  readonly port: number;
  /** Absent: without the Web UI. */
  readonly uiPort?: number;
  /** What decrypts for the Web UI. Absent: nothing is encrypted. */
  readonly codecEndpoint?: string | undefined;
  /** `default` when absent. */
  readonly namespace?: string;
  /** How long it keeps a closed workflow at least; RETENTION_DAYS when absent. */
  readonly retentionDays?: number;
}

export interface DevServer extends Pick<Child<void>, 'pid' | 'exited' | 'stop'> {
  /** `host:port` */
  readonly address: string;
}

const HEALTH_TIMEOUT_MS = 1_000;
const GRACE_MS = 5_000;
/** From `grpc.health.v1`. */
const SERVING = 1;

/**
 * Start Temporal's development server on a file, on loopback, and wait until it is healthy and its namespace has our
 * search attributes and retention.
 * @throws Error when it ended, or was not healthy in time; nothing is left running then.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const { cliPath, port, namespace = 'default', retentionDays, logFile, onSpawn, signal } = options;
  const address = `127.0.0.1:${port}`;
  // Without our environment: it may name another Temporal, or a profile that is not for this server.
  const { PATH, TMPDIR } = process.env;
  // It does not start for a user id that has neither these nor an entry in the passwd file.
  const { HOME = dirname(resolve(options.dbFile)), USER = 'mindtickle' } = process.env;
  const child = await startChild({
    program: cliPath,
    args: argumentsFor(options, namespace),
    env: { PATH, HOME, USER, TMPDIR },
    graceMs: GRACE_MS,
    readyWhen: async (_child, over) => {
      const connection = await healthy(address, over);
      await prepareNamespace(connection, namespace, 'extend', retentionDays).finally(() => connection.close());
    },
    onSpawn: (pid, exited) => {
      onSpawn?.(pid, exited);
      endWithUs(pid, exited);
    },
    logFile,
    signal,
  });
  return { address, ...child };
}

function argumentsFor({ port, uiPort, codecEndpoint, dbFile }: DevServerOptions, namespace: string): string[] {
  const args = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'warn'];
  args.push(...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]));
  if (codecEndpoint !== undefined) args.push('--ui-codec-endpoint', codecEndpoint);
  args.push('--db-filename', dbFile);
  // What the server acknowledged survives a crash of the machine too: `synchronous=2` is FULL.
  args.push('--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=2');
  if (namespace !== 'default') args.push('--namespace', namespace);
  for (const { name, type } of Object.values(searchAttributes)) {
    args.push('--search-attribute', `${name}=${type === SearchAttributeType.DATETIME ? 'Datetime' : 'Keyword'}`);
  }
  return args;
}

/** A healthy connection to the server; whoever gets it closes it. */
async function healthy(address: string, signal: AbortSignal): Promise<Connection> {
  // Its first refusals are expected: without this the next try comes after a second.
  const channelArgs = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 200 };
  const connection = Connection.lazy({ address, channelArgs });
  const service = 'temporal.api.workflowservice.v1.WorkflowService';
  try {
    await poll(signal, async () => {
      const { status } = await connection.withDeadline(Date.now() + HEALTH_TIMEOUT_MS, () =>
        connection.healthService.check({ service }),
      );
      return (status as number) === SERVING;
    });
    return connection;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * End the server when we are gone, even by SIGKILL: a shell waits for its input, which the kernel closes then. Where
 * there is no shell, the next start finds the server and ends it.
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
