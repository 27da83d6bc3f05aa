import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { dataDirOf, readDevJson, type StackInfo } from '../dev/data-dir';
import { SECOND } from '../domain';
import { createEncryption } from '../encryption';
import {
  createDrain,
  createStarter,
  createStartSlots,
  openSpool,
  reportSpool,
  type Spool,
  type SpoolReport,
} from '../receiver/receiver';
import { drainSettings, encryptionKeys, opsSettings, SettingsError, withDotEnv, type Environment } from '../settings';
import { createCappedLog, createLogger } from '../telemetry';
import { connectNow } from '../temporal';

export interface SpoolCommand {
  /** The spool's directory of a receiver that no longer runs. */
  readonly dir?: string;
  /** Base URL of a receiver's private port. */
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The JSON document that both commands print. */
interface Answer {
  /** Null: the receiver has none. */
  readonly spool: SpoolReport | null;
  /** How many dead letters are records again. */
  readonly restored?: number;
  /** How many records `drain --dir` handed to Temporal. */
  readonly drained?: number;
}

/**
 * `mt spool status`: ask the receiver how full its spool is, or read the directory of one that no longer runs.
 * @returns 0.
 * @throws SettingsError when no receiver or token is known; Error when nobody answers, or the directory is in use.
 */
export async function runSpoolStatus(options: SpoolCommand): Promise<number> {
  const { dir } = options;
  if (dir === undefined) print(await ask(options, 'GET', '/api/spool'), options);
  else {
    const report = await withSpool(dir, createLogger('spool', 'warn'), (spool) => reportSpool(spool, Date.now()));
    print({ spool: report }, options);
  }
  return 0;
}

/**
 * `mt spool drain`: have the receiver try its dead letters again, or hand the directory of one that no longer runs to
 * Temporal.
 * @returns 0, or 1 when records are left in that directory.
 * @throws as `runSpoolStatus`; Error when Temporal cannot be reached.
 */
export async function runSpoolDrain(options: SpoolCommand): Promise<number> {
  const { dir } = options;
  const answer =
    dir === undefined ? await ask(options, 'POST', '/api/spool/drain') : await drainDirectory(dir, options);
  print(answer, options);
  return dir === undefined || answer.spool?.records === 0 ? 0 : 1;
}

async function drainDirectory(dir: string, options: SpoolCommand): Promise<Answer> {
  const env = withDotEnv(process.env);
  const stack = runningStack(options, env);
  const { companyId, timeZone, logLevel, startConcurrency } = drainSettings({
    MINDTICKLE_COMPANY_ID: stack?.companyId,
    ...env,
  });
  const log = createLogger('spool', logLevel);
  const temporal = await connectNow({ log, env: { TEMPORAL_ADDRESS: stack?.temporalAddress, ...env } });
  try {
    return await withSpool(dir, log, async (spool) => {
      const restored = await spool.restoreDeadLetters();
      let drained = 0;
      const drain = createDrain({
        spool,
        starter: createStarter(() => Promise.resolve(temporal.client)),
        slots: createStartSlots(startConcurrency),
        reading: { companyId, timeZone },
        log: createCappedLog(log),
        onStarted: () => (drained += 1),
      });
      await drain.settled();
      await drain.stop();
      return { restored, drained, spool: reportSpool(spool, Date.now()) };
    });
  } finally {
    await temporal.close();
  }
}

async function withSpool<T>(
  dir: string,
  log: Parameters<typeof createCappedLog>[0],
  use: (spool: Spool) => T,
): Promise<Awaited<T>> {
  const path = resolve(dir);
  if (!existsSync(path)) throw new Error(`${path}: there is no such directory`);
  const spool = await openSpool({
    dir: path,
    maxBytes: Number.MAX_SAFE_INTEGER,
    now: Date.now,
    log: createCappedLog(log),
    patienceMs: 0,
    encryption: createEncryption(encryptionKeys(withDotEnv(process.env))),
  });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}

const TIMEOUT_MS = 30 * SECOND;
const problem = z.object({ title: z.string(), detail: z.string().optional() });

async function ask(options: SpoolCommand, method: 'GET' | 'POST', path: string): Promise<Answer> {
  const { url, token } = privatePort(options);
  const headers = { authorization: `Bearer ${token}` };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${url}${path}`, { method, headers, signal }).catch((error: unknown) => {
    const { cause, message } = error as Error;
    throw new Error(`no answer from ${url}: ${cause instanceof Error ? cause.message : message}`);
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body as Answer;
  const { title, detail } = problem.safeParse(body).data ?? { title: 'without an explanation' };
  throw new Error([`${url} answered ${response.status} ${title}`, detail].filter(Boolean).join(': '));
}

function privatePort(options: SpoolCommand): { readonly url: string; readonly token: string } {
  const env = withDotEnv(process.env);
  const stack = runningStack(options, env);
  const { port, tokens } = opsSettings(env);
  const named = tokens.find(({ role }) => role === 'operator') ?? tokens[0];
  const token = named?.token ?? stack?.opsToken ?? undefined;
  if (token === undefined)
    throw new SettingsError(['OPS_TOKENS: missing, and no `mt dev` runs on this data directory']);
  return { url: options.url ?? stack?.receiverPrivate ?? `http://127.0.0.1:${port}`, token };
}

function runningStack({ dataDir }: SpoolCommand, env: Environment): StackInfo | undefined {
  return readDevJson(dataDir ?? dataDirOf(env));
}

function print(answer: Answer, { json = false }: SpoolCommand): void {
  console.log(json ? JSON.stringify(answer) : describe(answer).join('\n'));
}

function describe({ spool, restored = 0, drained }: Answer): readonly string[] {
  return [
    ...(restored > 0 ? [`${restored} dead letters restored`] : []),
    ...(drained === undefined ? [] : [`${drained} handed to Temporal`]),
    ...(spool === null ? ['This receiver has no spool (SPOOL=off).'] : describeSpool(spool)),
  ];
}

const REFUSING = { full: 'it is full', disk: 'the disk is full or fails' } as const;

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

function readable(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${UNITS[power]}`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function describeSpool(spool: SpoolReport): readonly string[] {
  const { records, byLane, oldestAgeSeconds, bytes, maxBytes, refusing, deadLetterCount, deadLetters } = spool;
  const lanes = Object.entries(byLane).filter(([, count]) => count > 0);
  const inLanes = lanes.map(([lane, count]) => `${count} in lane ${lane}`).join(', ');
  return [
    records === 0 ? 'no record waits' : `${records} waiting (${inLanes}), the oldest for ${duration(oldestAgeSeconds)}`,
    // A directory that no receiver has is opened without a limit.
    maxBytes === Number.MAX_SAFE_INTEGER ? readable(bytes) : `${readable(bytes)} of ${readable(maxBytes)}`,
    ...(refusing === null ? [] : [`refuses records: ${REFUSING[refusing]}`]),
    `${deadLetterCount} dead letters`,
    ...deadLetters.map(({ workflowId, reason, at }) => `  ${at} ${workflowId ?? 'unreadable'}: ${reason}`),
  ];
}
