import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { dataDirAt, logFileOf, makeFolders, type DataDir, openRegistry } from '../../src/dev/data-dir';
import { bareEnvironment, receiverEnvironment, type Shared } from '../../src/dev/stack/environment';
import { ledgerPart, temporalPart, standInsPart, workerPart, type Setting } from '../../src/dev/stack/parts';
import { choosePorts } from '../../src/dev/stack/ports';
import type { Part, Running } from '../../src/dev/stack/process-group';
import { migrate, openPool, setLearnerEmail } from '../../src/ledger';
import { RETENTION_DAYS } from '../../src/temporal';
import { scratchRoot } from '../scratch';
import { openTcpProxy, type TcpProxy } from '../tcp-proxy';
import { ADMINISTRATOR, COMPANY, MAIL_DOMAIN } from './deliveries';
import { LEARNERS } from './plan';
import { createReceiverProcess, type ReceiverProcess } from './receiver';
import { connectStandIns, type StandInsClient } from './records';

/** A Temporal and a ledger that run already. */
export interface ExistingServices {
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly databaseUrl: string;
}

export interface ChaosOptions {
  /** Absent: the stack starts its own. */
  readonly existing?: ExistingServices;
  /** Settings of the receiver beside what it needs: `SPOOL`, `REPLAY_LIMIT`. */
  readonly settings?: NodeJS.ProcessEnv;
  /** Called with a line for each part that has started. */
  readonly progress: (line: string) => void;
  /** Aborted: the start is given up. */
  readonly signal: AbortSignal;
}

/** A process that a test freezes, kills and starts again. */
export interface Outage {
  /** It keeps running, and answers nothing. */
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  readonly kill: () => Promise<void>;
  /** On the same port and the same data. */
  readonly startAgain: () => Promise<void>;
}

export interface ChaosStack {
  readonly dir: string;
  readonly secret: string;
  readonly client: Client;
  /** The connection of the receiver to Temporal; nobody else uses it. */
  readonly temporalProxy: TcpProxy;
  readonly receiver: ReceiverProcess;
  readonly standIns: StandInsClient;
  /** Undefined when it existed before. */
  readonly temporal: Outage | undefined;
  readonly ledger: Outage | undefined;
  /** End every process and remove every file. */
  readonly stop: () => Promise<void>;
}

const CONFIG = `administrators: [${ADMINISTRATOR}]
offboarding:
  limitPerHour: 1000000
  deactivateAfterDays: 0
`;

/** Start everything but the receiver, in a directory that `stop` removes. @throws Error, with nothing left running. */
export async function openChaosStack(options: ChaosOptions): Promise<ChaosStack> {
  await promisify(execFile)(process.execPath, [resolve(__dirname, '../../bin/build.js'), '--if-stale']);
  const path = await mkdtemp(join(scratchRoot(), 'mindtickle-chaos-'));
  // The user that Postgres runs as has to reach it.
  await chmod(path, 0o755);
  const closers: (() => unknown)[] = [() => rm(path, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };
  try {
    return { ...(await startAll(options, dataDirAt(path), closers)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startAll(
  { existing, settings = {}, progress, signal }: ChaosOptions,
  dir: DataDir,
  closers: (() => unknown)[],
): Promise<Omit<ChaosStack, 'stop'>> {
  makeFolders(dir);
  await writeFile(dir.config, CONFIG);
  const env = { ...bareEnvironment(process.env), LOG_LEVEL: 'warn', ...settings };
  const setting: Setting = { env, dir, registry: openRegistry(dir.processes), progress };
  const parts = ['receiver', 'ops', 'temporal', 'ui', 'ledger', 'http', 'smtp'] as const;
  const ports = await choosePorts(parts.map((part) => ({ part, port: 0 })));
  const launch: Launch = (part) => launchPart(part, signal, closers, progress);
  const token = randomBytes(24).toString('hex');
  const [base, standIns] = await Promise.all([
    existing === undefined
      ? startBase(launch, setting, ports)
      : { ...existing, temporal: undefined, ledger: undefined },
    // In memory: a file that is written whole at every change slows thousands of them down.
    launch(standInsPart(setting, ports, { token })),
  ]);
  const { temporalAddress, namespace, databaseUrl } = base;
  await introduceLearners(databaseUrl);
  const proxy = await openTcpProxy(temporalAddress);
  closers.push(() => proxy.close());

  const secret = randomBytes(24).toString('hex');
  const shared: Shared = {
    env: { ...env, TEMPORAL_NAMESPACE: namespace, MINDTICKLE_COMPANY_ID: COMPANY },
    dataDir: dir.path,
    archiveDir: dir.archive,
    configFile: dir.config,
    webhookSecret: secret,
    databaseUrl,
    temporalAddress,
    standIns: { ...standIns.running, token },
    opsToken: randomBytes(24).toString('hex'),
    receiverPort: ports.receiver,
    receiverPrivatePort: ports.ops,
    opsPort: 0,
  };
  await launch(workerPart(setting, shared));
  const receiver = createReceiverProcess({
    env: receiverEnvironment({ ...shared, temporalAddress: proxy.address }),
    port: ports.receiver,
    logFile: logFileOf(dir, 'receiver'),
  });
  closers.push(() => receiver.close());
  const connection = await Connection.connect({ address: temporalAddress });
  closers.push(() => connection.close());
  const client = new Client({ connection, namespace });
  const { temporal, ledger } = base;
  return {
    ...{ dir: dir.path, secret, client, temporalProxy: proxy, receiver, temporal, ledger },
    standIns: connectStandIns(standIns.running.url, token),
  };
}

/** A Temporal and a ledger of our own. */
async function startBase(
  launch: Launch,
  setting: Setting,
  ports: Readonly<Record<'temporal' | 'ui' | 'ledger', number>>,
): Promise<ExistingServices & Pick<ChaosStack, 'temporal' | 'ledger'>> {
  const [ledger, temporal] = await Promise.all([
    launch(ledgerPart(setting, ports.ledger)),
    launch(temporalPart(setting, { port: ports.temporal, uiPort: ports.ui, retentionDays: RETENTION_DAYS })),
  ]);
  return {
    temporalAddress: temporal.running.address,
    namespace: 'default',
    databaseUrl: ledger.running.url,
    temporal: temporal.outage('temporal'),
    ledger: ledger.outage('ledger'),
  };
}

type Launch = <R extends Running>(part: Part<R>) => Promise<Launched<R>>;

interface Launched<R> {
  readonly running: R;
  readonly outage: (processName: string) => Outage;
}

async function launchPart<R extends Running>(
  part: Part<R>,
  signal: AbortSignal,
  closers: (() => unknown)[],
  progress: (line: string) => void,
): Promise<Launched<R>> {
  signal.throwIfAborted();
  let launching = part.launch(signal);
  // Registered before it has started: another part may fail meanwhile.
  closers.push(() => launching.then((launched) => launched.stop()).catch(() => undefined));
  const running = await launching;
  progress(`${part.name}: ${running.detail}`);
  const outage = (processName: string): Outage => {
    const signalAll = async (name: NodeJS.Signals): Promise<void> => {
      const pid = (await launching).pids[processName];
      for (const each of pid === undefined ? [] : [pid, ...childrenOf(pid)]) process.kill(each, name);
    };
    return {
      freeze: () => signalAll('SIGSTOP'),
      thaw: () => signalAll('SIGCONT'),
      kill: async () => {
        await signalAll('SIGKILL');
        await (await launching).stop();
      },
      startAgain: async () => {
        launching = part.launch(signal);
        await launching;
      },
    };
  };
  return { running, outage };
}

/** Postgres serves each connection by a process of its own. */
function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return stdout.split('\n').filter(Boolean).map(Number);
}

/** An e-mail to one of them then needs no identity provider. */
async function introduceLearners(databaseUrl: string): Promise<void> {
  const pool = openPool({ url: databaseUrl, max: 1 });
  try {
    await migrate(pool);
    for (const userId of LEARNERS) await setLearnerEmail(pool, userId, `${userId}@${MAIL_DOMAIN}`);
  } finally {
    await pool.end();
  }
}
