/** Whether what the operations depend on works: one check for each part, none of which can fail the others. */
import type { Pool } from 'pg';
import { z } from 'zod';
import { MINUTE, SECOND, SYSTEMS, type Modes } from '../../domain';
import { TASK_QUEUE } from '../../temporal';
import { withTimeout } from '../../with-timeout';
import { defineOperation, type Operation } from '../operation';

export interface HealthDeps {
  readonly pool: Pick<Pool, 'query'>;
  readonly modes: Modes;
  /** Of the workflow tasks, or the calls, of a task queue; undefined: Temporal cannot be reached. */
  readonly queueOf: (name: string, of: 'workflows' | 'calls') => Promise<Queue | undefined>;
  readonly receivers: () => Promise<readonly Receiver[]>;
  /** Epoch ms. */
  readonly now: () => number;
}

interface Queue {
  readonly pollers: number;
  /** Epoch ms; null: nobody has within what Temporal remembers. */
  readonly lastPollAt: number | null;
  readonly held: { readonly reason: string } | null;
}

interface Receiver {
  readonly url: string;
  readonly ready: boolean;
  readonly problem: string | null;
}

const check = z.object({ name: z.string(), status: z.enum(['ok', 'warn', 'fail']), detail: z.string() });
type Check = z.infer<typeof check>;

const LIMIT_MS = 6 * SECOND;
/** A worker polls at least once a minute. */
const SILENT_MS = 2 * MINUTE;

export function createHealthOperation(deps: HealthDeps): Operation {
  return defineOperation({
    id: 'health',
    method: 'GET',
    path: '/api/health',
    role: 'viewer',
    summary: 'Whether Temporal, the ledger, the workers and the receivers work.',
    topics: ['connectors'],
    input: z.object({}),
    output: z.object({ checks: z.array(check) }),
    handle: async () => {
      const systems = SYSTEMS.filter((system) => (deps.modes[system] ?? 'off') !== 'off');
      const checks = await Promise.all([
        checkLedger(deps),
        checkWorkers(deps),
        ...systems.map((system) => checkConnector(deps, system)),
        checkReceivers(deps),
      ]);
      return { checks: checks.flat() };
    },
  });
}

/** `read` within a bounded time; undefined when it fails. */
async function attempt<T>(read: () => Promise<T>): Promise<T | undefined> {
  const answer = await withTimeout(read(), LIMIT_MS).catch(() => undefined);
  return answer === 'timeout' ? undefined : answer;
}

async function checkLedger({ pool }: HealthDeps): Promise<readonly Check[]> {
  const answer = await attempt(() => pool.query('select 1 from receipts limit 1'));
  return [
    answer === undefined
      ? { name: 'Ledger', status: 'fail', detail: 'It does not answer, or has no tables. Workflows that need it wait.' }
      : { name: 'Ledger', status: 'ok', detail: 'It answers.' },
  ];
}

async function checkWorkers({ queueOf, now }: HealthDeps): Promise<readonly Check[]> {
  const queue = await attempt(() => queueOf(TASK_QUEUE, 'workflows'));
  if (queue === undefined)
    return [
      { name: 'Temporal', status: 'fail', detail: 'It does not answer. Deliveries are spooled in the meantime.' },
    ];
  return [{ name: 'Temporal', status: 'ok', detail: 'It answers.' }, polled('Worker', TASK_QUEUE, queue, now())];
}

async function checkConnector({ queueOf, now }: HealthDeps, system: string): Promise<readonly Check[]> {
  const name = `Connector ${system}`;
  const taskQueue = `${TASK_QUEUE}-${system}`;
  const queue = await attempt(() => queueOf(taskQueue, 'calls'));
  if (queue === undefined) return [];
  const { held } = queue;
  if (held === null) return [polled(name, taskQueue, queue, now())];
  return [{ name, status: 'warn', detail: `It is held: ${held.reason === '' ? 'no reason was given' : held.reason}` }];
}

function polled(name: string, taskQueue: string, { pollers, lastPollAt }: Queue, now: number): Check {
  if (lastPollAt === null || pollers === 0)
    return { name, status: 'fail', detail: `No worker has polled ${taskQueue} for 5 minutes: start mt worker.` };
  const at = new Date(lastPollAt).toISOString();
  return now - lastPollAt > SILENT_MS
    ? { name, status: 'fail', detail: `No worker polls ${taskQueue} since ${at}.` }
    : { name, status: 'ok', detail: `${pollers} ${pollers === 1 ? 'poller' : 'pollers'} of ${taskQueue}.` };
}

async function checkReceivers({ receivers }: HealthDeps): Promise<readonly Check[]> {
  const answers = (await attempt(receivers)) ?? [];
  if (answers.length === 0)
    return [{ name: 'Receivers', status: 'warn', detail: 'None is known: set RECEIVER_URLS to see their spools.' }];
  return answers.map(({ url, ready, problem }) => ({
    name: `Receiver ${url}`,
    status: ready ? 'ok' : 'fail',
    detail: problem ?? 'It accepts deliveries.',
  }));
}
