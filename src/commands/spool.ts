import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { SECOND } from '../domain';
import { createCappedLog, createLogger } from '../telemetry';
import { createDrain } from '../receiver/spool/drain';
import { createStartSlots } from '../receiver/accept/start-slots';
import { openSpool, type Spool } from '../receiver/spool';
import { reportSpool, type SpoolReport } from '../receiver/spool/report';
import { createStarter } from '../receiver/accept/temporal-starter';
import { drainSettings, opsSettings, SettingsError, withDotEnv, type Environment } from '../settings';
import { connectNow } from '../temporal';
import { dataDirOf, readDevJson, type StackInfo } from '../dev/data-dir';

export interface SpoolCommand {
  /** The spool's directory of a receiver that is gone. */
  readonly dir?: string;
  /** Base URL of a receiver's private port. */
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** The JSON document of both commands. */
interface Told {
  /** Null: the receiver has none. */
  readonly spool: SpoolReport | null;
  /** Put back of those that were set aside. */
  readonly restored?: number;
  /** By an orphan's drain: how many went to Temporal. */
  readonly drained?: number;
}

/**
 * `mt spool status`: ask the receiver how full its spool is, or look into the directory of one that is gone.
 * @returns 0.
 * @throws SettingsError when nothing says whom to ask; Error when nobody answers, or the directory is in use.
 */
export async function runSpoolStatus(options: SpoolCommand): Promise<number> {
  const told =
    options.dir === undefined
      ? await ask(options, 'GET', '/api/spool')
      : await inside(options.dir, createLogger('spool', 'warn'), (spool) =>
          Promise.resolve({ spool: reportSpool(spool, Date.now()) }),
        );
  print(told, options);
  return 0;
}

/**
 * `mt spool drain`: have the receiver put back what was set aside and try again, or hand the directory of one that is
 * gone to Temporal.
 * @returns 0, or 1 when records are left in that directory.
 * @throws as `runSpoolStatus`; Error when Temporal cannot be reached.
 */
export async function runSpoolDrain(options: SpoolCommand): Promise<number> {
  if (options.dir === undefined) {
    print(await ask(options, 'POST', '/api/spool/drain'), options);
    return 0;
  }
  const told = await drainOrphan(options.dir, options);
  print(told, options);
  return told.spool?.records === 0 ? 0 : 1;
}

async function drainOrphan(dir: string, options: SpoolCommand): Promise<Told> {
  const env = withDotEnv(process.env);
  const running = runningStack(options, env);
  const settings = drainSettings({ MINDTICKLE_COMPANY_ID: running?.companyId, ...env });
  const log = createLogger('spool', settings.logLevel);
  const temporal = await connectNow({ log, env: { TEMPORAL_ADDRESS: running?.temporalAddress, ...env } });
  try {
    return await inside(dir, log, async (spool) => {
      const restored = await spool.restoreSetAside();
      let drained = 0;
      const drain = createDrain({
        spool,
        starter: createStarter(() => Promise.resolve(temporal.client)),
        slots: createStartSlots(settings.startConcurrency),
        companyId: settings.companyId,
        log: createCappedLog(log, Date.now),
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

async function inside(
  dir: string,
  log: Parameters<typeof createCappedLog>[0],
  use: (spool: Spool) => Promise<Told>,
): Promise<Told> {
  const path = resolve(dir);
  if (!existsSync(path)) throw new Error(`${path}: there is no such directory`);
  const spool = await openSpool({
    dir: path,
    maxBytes: Number.MAX_SAFE_INTEGER,
    now: Date.now,
    log: createCappedLog(log, Date.now),
    patienceMs: 0,
  });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}

const TIMEOUT_MS = 30 * SECOND;
const problem = z.object({ title: z.string(), detail: z.string().optional() });

async function ask(options: SpoolCommand, method: 'GET' | 'POST', path: string): Promise<Told> {
  const env = withDotEnv(process.env);
  const { url, token } = whomToAsk(options, env);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: unknown) => {
      const { cause, message } = error as Error;
      throw new Error(`no answer from ${url}: ${cause instanceof Error ? cause.message : message}`);
    },
  );
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body as Told;
  const { title, detail = '' } = problem.safeParse(body).data ?? { title: 'no answer that we know' };
  throw new Error(`${url} answered ${response.status} ${title}${detail === '' ? '' : `: ${detail}`}`);
}

function whomToAsk(options: SpoolCommand, env: Environment): { readonly url: string; readonly token: string } {
  const running = runningStack(options, env);
  const { port, tokens } = opsSettings(env);
  const named = tokens.find(({ role }) => role === 'operator') ?? tokens[0];
  const token = named?.token ?? running?.opsToken;
  if (token === undefined || token === null)
    throw new SettingsError(['OPS_TOKENS: missing, and no mt dev runs on this data directory']);
  return { url: options.url ?? running?.ops ?? `http://127.0.0.1:${port}`, token };
}

function runningStack({ dataDir }: SpoolCommand, env: Environment): StackInfo | undefined {
  return readDevJson(dataDir ?? dataDirOf(env));
}

function print(told: Told, { json = false }: SpoolCommand): void {
  console.log(json ? JSON.stringify(told) : describe(told));
}

function describe({ spool, restored = 0, drained }: Told): string {
  return [
    ...(restored > 0 ? [`${restored} put back of those that were set aside`] : []),
    ...(drained === undefined ? [] : [`${drained} handed to Temporal`]),
    ...(spool === null ? ['This receiver has no spool (SPOOL=off).'] : describeSpool(spool)),
  ].join('\n');
}

const REFUSING = { full: 'it is full', disk: 'the disk is full or fails' } as const;

function describeSpool(spool: SpoolReport): readonly string[] {
  const { records, byLane, oldestAgeSeconds, bytes, maxBytes, refusing, setAsideCount, setAside } = spool;
  const lanes = Object.entries(byLane).filter(([, count]) => count > 0);
  const inLanes = lanes.map(([lane, count]) => `${count} in lane ${lane}`).join(', ');
  return [
    records === 0 ? 'nothing waits' : `${records} waiting (${inLanes}), the oldest for ${oldestAgeSeconds} s`,
    `${bytes} of ${maxBytes} bytes`,
    ...(refusing === null ? [] : [`refusing: ${REFUSING[refusing]}`]),
    `${setAsideCount} set aside`,
    ...setAside.map(({ workflowId, reason, at }) => `  ${at} ${workflowId ?? 'unreadable'}: ${reason}`),
  ];
}
