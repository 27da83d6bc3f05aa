// `npm run bench:waiting -- [--count 10000]`: what waiting costs. Opens so many recertifications with every connector off,
// and says what the worker and Temporal hold then, and how soon a new worker answers for them. Takes minutes.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { says, startChild, type Child } from '../src/dev/child';
import { searchAttributes } from '../src/domain';
import { sign, COMPANY, SECRET } from './deliveries';
import { sendLoad } from './load';
import { buildIfStale } from './run';
import { openStack, type Stack } from './stack';
import { plain } from './targets';
import { usageOf } from './usage';

const DAY_MS = 86_400_000;
const CONNECTIONS = 32;
const POLL_MS = 500;
const GRACE_MS = 15_000;
/** Of the workflows that a new worker is asked for. */
const ASKED = 20;

async function main(count: number): Promise<void> {
  await buildIfStale();
  const stack = await openStack(new AbortController().signal, print);
  const children: Child<unknown>[] = [];
  try {
    const env = environmentOf(stack, await stack.freePort());
    const start = async (command: string): Promise<Child<unknown>> => {
      const child = await startChild({
        args: [command],
        env,
        logFile: join(stack.dir.logs, `${command}.log`),
        graceMs: GRACE_MS,
        readyWhen: says(z.object({ ready: z.literal(true) })),
      });
      children.push(child);
      return child;
    };
    const worker = await start('worker');
    await start('receiver');
    const openedPerSecond = await open(stack, `http://127.0.0.1:${env['PORT'] ?? ''}`, count);
    const held = usageOf({ worker: worker.pid, temporal: stack.temporal.pid, ledger: stack.ledger.pid });
    await worker.stop();
    const begunAt = performance.now();
    const again = await start('worker');
    await askSome(stack);
    const readyMs = performance.now() - begunAt;
    const after = usageOf({ worker: again.pid });
    const memory = Object.entries(held).map(([name, { megabytes }]) => `${name} ${megabytes} MB`);
    print(`${count} recertifications wait: ${memory.join(', ')}; opened ${plain(openedPerSecond)} a second`);
    print(
      `a new worker answered for ${ASKED} of them after ${plain(readyMs / 1000)} s (${after['worker']?.megabytes ?? 0} MB)`,
    );
    print(verdict('worker while they wait', held['worker']?.megabytes ?? NaN, 400, 'MB'));
    print(verdict('ready again', readyMs / 1000, 15, 's'));
  } finally {
    for (const child of children.reverse()) await child.stop();
    await rm(join(stack.dir.path, 'spool'), { recursive: true, force: true });
    await stack.stop();
  }
}

/** No connector: nothing but the ledger is written. */
function environmentOf({ dir, setting, temporal, ledger }: Stack, port: number): NodeJS.ProcessEnv {
  return {
    ...setting.env,
    PORT: String(port),
    DATA_DIR: dir.path,
    DATABASE_URL: ledger.url,
    MINDTICKLE_COMPANY_ID: COMPANY,
    MINDTICKLE_CONFIG: dir.config,
    MINDTICKLE_WEBHOOK_SECRET: SECRET,
    TEMPORAL_ADDRESS: temporal.address,
  };
}

/** @returns how many a second came to rest. */
async function open({ client }: Stack, url: string, count: number): Promise<number> {
  const now = Date.now();
  const deliveries = Array.from({ length: count }, (_, number) => {
    const data = {
      userId: `learner-${number}`,
      certName: 'Sales basics',
      expiredAt: new Date(now - DAY_MS).toISOString(),
      renewalDeadline: new Date(now + 60 * DAY_MS).toISOString(),
    };
    return sign(`waiting-${number}`, 'certification.expired', data);
  });
  const begunAt = performance.now();
  await sendLoad({ url, deliveries, connections: CONNECTIONS, maxSeconds: Infinity });
  const query = `WorkflowType = 'recertification' AND ${searchAttributes.phase.name} = 'waiting'`;
  for (let waiting = 0, said = 0; waiting < count;) {
    await sleep(POLL_MS);
    waiting = (await client.workflow.count(query)).count;
    if (waiting - said >= count / 10) print(`${(said = waiting)} wait`);
  }
  return (count * 1000) / (performance.now() - begunAt);
}

async function askSome({ client }: Stack): Promise<void> {
  for (let number = 0; number < ASKED; number += 1) await client.workflow.getHandle(`waiting-${number}`).query('state');
}

function verdict(what: string, measured: number, atMost: number, unit: string): string {
  const said = measured <= atMost ? 'met' : `missed by ${plain(measured - atMost)} ${unit}`;
  return `${what}: ≤ ${atMost} ${unit}: ${plain(measured)} ${unit}: ${said}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({ options: { count: { type: 'string', default: '10000' } } });
main(Number(values.count)).then(
  () => process.exit(0),
  (error: unknown) => {
    print(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(1);
  },
);
