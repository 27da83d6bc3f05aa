import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientInterceptors } from '@temporalio/client';
import { IllegalStateError, type DataConverter, type LogLevel, type LogMetadata } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type * as WorkerSdk from '@temporalio/worker';
import { createEncryption } from '../encryption';
import { encryptionKeys, SettingsError, type Environment } from '../settings';
import type { Logger } from '../telemetry';
import { dataConverterOf } from './codec';

export interface ConnectionOptions {
  readonly log: Logger;
  /** Where `TEMPORAL_*` are read; absent: the process's own environment. */
  readonly env?: Environment;
  /** Where the SDK serves its metrics to Prometheus, `host:port`; absent: nowhere. */
  readonly metricsAddress?: string | undefined;
  /** Of the client, such as those that hand a trace on. */
  readonly interceptors?: ClientInterceptors | undefined;
}

export interface Connected {
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** By ENCRYPTION_KEYS, for a worker on this connection; the client has it. Undefined: nothing is encrypted. */
  readonly dataConverter: DataConverter | undefined;
  readonly close: () => Promise<void>;
}

export interface BackgroundConnection {
  /** Undefined until the first connection is made, and after `close`. It reconnects by itself from then on. */
  readonly client: () => Client | undefined;
  /** The client once there is one. Never rejects; pending forever when `close` comes first. */
  readonly connected: Promise<Client>;
  readonly namespace: string;
  /** Stop trying, or close what was made. */
  readonly close: () => Promise<void>;
}

type NativeConnection = WorkerSdk.NativeConnection;
type Address = WorkerSdk.NativeConnectionOptions & { readonly address: string };

/** Where, and as what. */
interface Target {
  readonly address: string;
  readonly options: Address;
  readonly namespace: string;
  readonly dataConverter: DataConverter | undefined;
  readonly interceptors: ClientInterceptors | undefined;
}

/** The SDK itself gives up on a silent address after half a minute (tried). */
const CONNECT_LIMIT_MS = 10_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5000;
const LINE_EVERY_ATTEMPTS = 12;

/**
 * Connect to the Temporal that `TEMPORAL_*` name, once: for commands and for the worker.
 * @throws SettingsError for malformed `TEMPORAL_*`; Error naming the address when it cannot be reached.
 */
export async function connectNow(options: ConnectionOptions): Promise<Connected> {
  const { log, env = process.env, metricsAddress, interceptors } = options;
  const target = readTarget(env, interceptors);
  installRuntime(log, metricsAddress);
  try {
    return await connect(target);
  } catch (error) {
    throw new Error(`Temporal at ${target.address} cannot be reached (TEMPORAL_ADDRESS): ${cause(error)}`, {
      cause: error,
    });
  }
}

/**
 * Connect while the process already works: `NativeConnection` has no lazy form, and fails at once when Temporal is away.
 * @throws SettingsError for malformed `TEMPORAL_*`, and for nothing else.
 */
export function connectInBackground(options: ConnectionOptions): BackgroundConnection {
  const { log, env = process.env, interceptors } = options;
  const target = readTarget(env, interceptors);
  const { namespace } = target;
  installRuntime(log);
  const stopping = new AbortController();
  let current: Connected | undefined;

  const connected = new Promise<Client>((resolve) => {
    const settle = async (made: Connected): Promise<void> => {
      if (stopping.signal.aborted) {
        await made.close();
        return;
      }
      current = made;
      log.info({ address: target.address, namespace }, 'connected to Temporal');
      resolve(made.client);
    };
    void keepTrying({ target, log, signal: stopping.signal, settle });
  });
  const close = async (): Promise<void> => {
    stopping.abort();
    const made = current;
    current = undefined;
    await made?.close();
  };
  return { client: () => current?.client, connected, namespace, close };
}

interface Attempts {
  readonly target: Target;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly settle: (made: Connected) => Promise<void>;
}

async function keepTrying({ target, log, signal, settle }: Attempts): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await settle(await connect(target));
      return;
    } catch (error) {
      if (attempt % LINE_EVERY_ATTEMPTS === 0)
        log.warn({ address: target.address, cause: cause(error) }, 'Temporal cannot be reached; trying again');
    }
    const delayMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
    await sleep(delayMs * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

/** Loaded when it is used: it brings a native library, and most importers of this folder want names and schedules alone. */
function workerSdk(): typeof WorkerSdk {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- `import()` in CommonJS would make `connectInBackground` wait.
  return require('@temporalio/worker') as typeof WorkerSdk;
}

async function connect({ options, namespace, dataConverter, interceptors }: Target): Promise<Connected> {
  const connecting = workerSdk().NativeConnection.connect(options);
  const timer = new AbortController();
  const limit = sleep(CONNECT_LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    connecting.then(
      (late) => late.close(),
      () => undefined,
    );
    throw new Error(`no answer within ${CONNECT_LIMIT_MS / 1000} s`);
  });
  try {
    const connection = await Promise.race([connecting, limit]);
    const client = new Client({
      ...{ connection, namespace },
      ...(dataConverter && { dataConverter }),
      ...(interceptors && { interceptors }),
    });
    return { client, connection, namespace, dataConverter, close: () => connection.close() };
  } finally {
    timer.abort();
    limit.catch(() => undefined);
  }
}

/** @throws SettingsError */
function readTarget(env: Environment, interceptors: ClientInterceptors | undefined): Target {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''),
  );
  const dataConverter = dataConverterOf(createEncryption(encryptionKeys(env)));
  try {
    const { connectionOptions, namespace = 'default' } = loadClientConnectConfig({ overrideEnvVars });
    const address = connectionOptions.address ?? 'localhost:7233';
    return { address, options: { ...connectionOptions, address }, namespace, dataConverter, interceptors };
  } catch (error) {
    throw new SettingsError([`TEMPORAL_*: ${(error as Error).message}`]);
  }
}

/** The part of a transport error that a person can use; the rest is Rust's debug text. */
function cause(error: unknown): string {
  const { message } = error as Error;
  return /message: "([^"]+)"/.exec(message)?.[1] ?? message.slice(0, 200);
}

/** Names as Prometheus has them: `temporal_activity_execution_latency_seconds`. */
const METRICS = {
  countersTotalSuffix: true,
  unitSuffix: true,
  useSecondsForDurations: true,
  // The SDK's own buckets are for milliseconds.
  histogramBucketOverrides: { mindtickle_connector_call: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
};

/** Must come before any other use of the native SDK, which else traps SIGTERM and writes its log to standard output. */
function installRuntime(log: Logger, metricsAddress?: string): void {
  try {
    workerSdk().Runtime.install({
      logger: runtimeLogger(log),
      shutdownSignals: [],
      telemetryOptions: {
        logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
        ...(metricsAddress !== undefined && { metrics: { prometheus: { ...METRICS, bindAddress: metricsAddress } } }),
      },
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

const PINO_LEVEL = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Our log, as the Temporal SDK wants one. */
export function runtimeLogger(log: Logger): WorkerSdk.Logger {
  const at =
    (level: LogLevel) =>
    (message: string, meta: LogMetadata = {}): void => {
      const { error, ...fields } = meta;
      log[PINO_LEVEL[level]](error instanceof Error ? { ...fields, err: error } : meta, message);
    };
  return {
    log: (level, message, meta) => at(level)(message, meta),
    trace: at('TRACE'),
    debug: at('DEBUG'),
    info: at('INFO'),
    warn: at('WARN'),
    error: at('ERROR'),
  };
}
