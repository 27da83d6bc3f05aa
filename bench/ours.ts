import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { receiverPart, standInsPart, workerPart } from '../src/dev/stack/parts';
import { choosePorts } from '../src/dev/stack/ports';
import type { Shared } from '../src/dev/stack/environment';
import { COMPANY, SECRET } from './deliveries';
import type { Stack } from './stack';
import { countCompleted, lengthOfHistories } from './temporal';
import { versionIn, type System, type Variant } from './variant';

/** Beside what every system says of itself. */
export interface OurSystem extends System {
  readonly startedInMs: { readonly worker: number; readonly receiver: number };
  readonly standIns: { readonly url: string; readonly token: string };
}

export const ours = {
  name: 'ours',
  description: 'mt receiver and mt worker, all connectors on and served by the stand-ins; Temporal and Postgres',
  acknowledges: true,
  start: startOurs,
} satisfies Variant;

async function startOurs(stack: Stack): Promise<OurSystem> {
  const { dir, setting, client, temporal, ledger, launch, signal } = stack;
  const parts = ['receiver', 'private', 'http', 'smtp'] as const;
  const ports = await choosePorts(parts.map((part) => ({ part, port: 0 })));
  const token = randomBytes(24).toString('hex');
  const standIns = await launch(standInsPart(setting, { http: ports.http, smtp: ports.smtp }, { token }));
  const shared: Shared = {
    env: { ...setting.env, MINDTICKLE_COMPANY_ID: COMPANY },
    dataDir: dir.path,
    archiveDir: dir.archive,
    configFile: dir.config,
    webhookSecret: SECRET,
    opsToken: randomBytes(24).toString('hex'),
    databaseUrl: ledger.url,
    temporalAddress: temporal.address,
    standIns: { url: standIns.url, smtpUrl: standIns.smtpUrl, token },
    receiverPort: ports.receiver,
    receiverPrivatePort: ports.private,
    opsPort: 0,
  };
  const [worker, workerMs] = await timed(() => launch(workerPart(setting, shared)));
  const [first, receiverMs] = await timed(() => launch(receiverPart(setting, shared)));
  let receiver = first;
  const discard = async (): Promise<void> => {
    process.kill(receiver.pids['receiver'] ?? 0, 'SIGKILL');
    await receiver.exited;
    await rm(join(dir.path, 'spool'), { recursive: true, force: true });
    receiver = await receiverPart(setting, shared).launch(signal);
  };
  return {
    url: () => `http://127.0.0.1:${ports.receiver}`,
    pids: () => ({ ...receiver.pids, ...worker.pids, temporal: temporal.pid, ledger: ledger.pid }),
    completed: () => countCompleted(client, 'moduleProgress'),
    historyLength: () => lengthOfHistories(client, 'moduleProgress'),
    discard,
    versions: { 'mindtickle-temporal': versionIn(resolve(__dirname, '..')) },
    startedInMs: { worker: workerMs, receiver: receiverMs },
    standIns: { url: standIns.url, token },
  };
}

async function timed<T>(action: () => Promise<T>): Promise<[T, number]> {
  const begunAt = performance.now();
  return [await action(), performance.now() - begunAt];
}
