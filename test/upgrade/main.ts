/**
 * `npm run test:upgrade -- <commit of the older release> [--each <n>] [--only <round>]`: workers of it, and of the code as it
 * is, take over each other's workflows in the middle, on one Temporal server. Exit code 1: one did not end as its history.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { NEWEST_RELEASE, RELEASES } from '../../src/domain';
import { fileOf, readHistory } from '../histories/files';
import { textOf } from '../histories/strip';
import globalSetup from '../global-setup';
import globalTeardown from '../global-teardown';
import { temporalAddress } from '../temporal/fixture';
import { quieten } from '../quieten';
import { openWorld, type WorkerCode, type World } from '../workflows/world';
import { answered, createCast, type Part } from './cast';
import { bundleOf } from './old-release';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

type Sides = Readonly<Record<'old' | 'new', WorkerCode>>;

/** Who begins, and what happens in the middle. */
const ROUNDS: Readonly<Record<string, (world: World, parts: readonly Part[], sides: Sides) => Promise<void>>> = {
  upgrade: async (world, parts, sides) => {
    const stopOld = await world.startWorkers(sides.old);
    await all(parts, (part) => part.begin());
    await world.startWorkers(sides.new);
    await stopOld();
    await all(parts, (part) => part.goOn());
  },
  'roll-back': async (world, parts, sides) => {
    const stopNew = await world.startWorkers(sides.new);
    await all(parts, (part) => part.begin());
    const stopOld = await world.startWorkers(sides.old);
    await stopNew();
    const open = await openOf(parts);
    await all(open, ({ handle }) => handle.signal('cancel', { by: 'noise' }));
    await all(open, (part) => isRefused(world, part));
    say(`${open.length} that the new release began wait: the old one cannot replay them`);
    await world.startWorkers(sides.new);
    await stopOld();
    const again = Date.now();
    const took: number[] = [];
    await all(open, async ({ handle }) => {
      await answered(() => world.state(handle));
      took.push(Date.now() - again);
    });
    say(`  with the new release back, the last of them answers after ${seconds(Date.now() - Math.max(...took))}`);
    await all(parts, (part) => part.goOn());
  },
  'side by side': async (world, parts, sides) => {
    await world.startWorkers(sides.old);
    await world.startWorkers(sides.new);
    await all(parts, (part) => part.begin());
    await all(parts, (part) => part.goOn());
  },
};

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(0)} s`;

/** So many at a time: asked of more at once, a busy machine answers none in time. */
const AT_ONCE = 6;

async function all(parts: readonly Part[], run: (part: Part) => Promise<unknown>): Promise<void> {
  const left = [...parts];
  const failures: string[] = [];
  const player = async (): Promise<void> => {
    for (let part = left.shift(); part !== undefined; part = left.shift()) {
      const { workflow, scenario } = part;
      await run(part).catch((error: unknown) => failures.push(`${workflow} ${scenario}: ${String(error)}`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, player));
  if (failures.length > 0) throw new Error(failures.join('\n'));
}

async function openOf(parts: readonly Part[]): Promise<readonly Part[]> {
  const statuses = await Promise.all(parts.map(({ handle }) => handle.describe().then(({ status }) => status.name)));
  return parts.filter((_, index) => statuses[index] === 'RUNNING');
}

/** Its task has failed, and is tried again. */
async function isRefused(world: World, { handle }: Part): Promise<void> {
  await world.seen(handle, 'is refused by the old release', async () => {
    const { raw } = await handle.describe();
    return (raw.pendingWorkflowTask?.attempt ?? 0) > 1 || undefined;
  });
}

interface Recorded {
  readonly events: readonly {
    readonly eventType: string;
    readonly workflowExecutionCompletedEventAttributes?: {
      readonly result?: { readonly payloads: readonly { readonly data: string }[] };
    };
  }[];
}

/** How a run ended, and what came of it. */
function endOf(json: string): string {
  const last = (JSON.parse(json) as Recorded).events.at(-1);
  const [payload] = last?.workflowExecutionCompletedEventAttributes?.result?.payloads ?? [];
  const result = payload === undefined ? '' : Buffer.from(payload.data, 'base64').toString();
  return `${last?.eventType.replace('EVENT_TYPE_WORKFLOW_EXECUTION_', '').toLowerCase()} ${result}`;
}

interface Seen {
  readonly release: string;
  /** How many of its workflow tasks each side has worked off. */
  readonly tasksBy: ReadonlyMap<string, number>;
  /** Of tasks that a side could not work off: what it said. */
  readonly failures: readonly string[];
  readonly end: string;
  /** Undefined: no history of it was recorded. */
  readonly isAsRecorded: boolean | undefined;
}

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

async function look({ workflow, scenario, handle, isRecordedWhole }: Part): Promise<Seen> {
  await handle.result().catch(() => undefined);
  const history = await handle.fetchHistory();
  const events = history.events ?? [];
  const release = events.some(isMark) ? NEWEST_RELEASE : RELEASES[0];
  const file = { release, workflow, scenario };
  const end = endOf(textOf(history));
  return {
    release,
    tasksBy: counted(events.flatMap(({ workflowTaskCompletedEventAttributes: task }) => task?.identity ?? [])),
    failures: events.flatMap(failureOf),
    end,
    isAsRecorded: isRecordedWhole && existsSync(fileOf(file)) ? endOf(readHistory(file)) === end : undefined,
  };
}

function isMark({ markerRecordedEventAttributes: marker }: Event): boolean {
  return marker?.markerName === 'core_patch';
}

function failureOf({ workflowTaskFailedEventAttributes: failed }: Event): readonly string[] {
  return failed ? [`the ${failed.identity} release: ${failed.failure?.message}`] : [];
}

function counted(all: readonly string[]): ReadonlyMap<string, number> {
  return all.reduce((counts, one) => counts.set(one, (counts.get(one) ?? 0) + 1), new Map<string, number>());
}

async function play(round: string, sides: Sides, each: number): Promise<boolean> {
  const begun = Date.now();
  const world = await openWorld('dev', { hasShortRuns: true });
  try {
    await world.stopWorkers();
    const parts = await createCast(world).startAll(each);
    await ROUNDS[round]?.(world, parts, sides);
    const seen = await Promise.all(parts.map(look));
    say(`${round}: ${parts.length} workflows ended, after ${seconds(begun)}`);
    for (const release of new Set(seen.map((one) => one.release))) {
      const own = seen.filter((one) => one.release === release);
      const both = own.filter(({ tasksBy }) => tasksBy.size > 1);
      say(`  ${own.length} last runs were begun by ${release}; both releases worked on ${both.length} of them`);
    }
    for (const [failure, times] of counted(seen.flatMap(({ failures }) => failures)))
      say(`  ${times} times: ${failure}`);
    const wrong = parts.filter((_, index) => seen[index]?.isAsRecorded === false);
    for (const { workflow, scenario } of wrong)
      say(`  it did not end as its history: ${workflow}, scenario ${scenario}`);
    return wrong.length === 0;
  } finally {
    await world.stop();
  }
}

async function main(): Promise<void> {
  quieten();
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { each: { type: 'string', default: '8' }, only: { type: 'string' }, cache: { type: 'string' } },
  });
  const [commit] = positionals;
  if (commit === undefined) throw new Error('name the commit of the old release');
  const directory = await mkdtemp(join(tmpdir(), 'mindtickle-upgrade-'));
  await globalSetup();
  try {
    const old = await bundleOf(commit, directory);
    const cache = values.cache === undefined ? {} : { maxCachedWorkflows: Number(values.cache) };
    const connect = () => NativeConnection.connect({ address: temporalAddress() });
    const sides = {
      old: { ...old, ...cache, identity: 'old', connection: await connect() },
      new: { ...cache, identity: 'new', connection: await connect() },
    };
    const results = [];
    for (const round of Object.keys(ROUNDS).filter((name) => name.includes(values.only ?? '')))
      results.push(await play(round, sides, Number(values.each)));
    if (results.includes(false)) process.exitCode = 1;
  } finally {
    await globalTeardown();
    await rm(directory, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
