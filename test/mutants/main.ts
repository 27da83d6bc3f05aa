/**
 * `npm run mutants -- workflows [<part of a plant's name>]`: plant each fault of the list into a copy of the workflows, and
 * replay the recorded histories. A fault that no history catches could be released: exit code 1.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { bundle, WORKFLOWS } from '../histories/bundle';
import { readHistory, recordedHistories, type Recorded } from '../histories/files';
import { replay } from '../histories/replay';
import { quieten } from '../quieten';
import { PLANTS, type Plant } from './workflows';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

/** The file of a workflow is walked by its own histories, one of `process/` by all: those of the plant's own come first. */
function historiesFor({ file, workflow }: Plant): readonly Recorded[] {
  const all = recordedHistories();
  const own = all.filter((recorded) => recorded.workflow === workflow);
  return file.startsWith('process/') || workflow === undefined
    ? [...own, ...all.filter((recorded) => recorded.workflow !== workflow)]
    : own;
}

/** The first that does not replay. */
async function firstCaught(
  workflowBundle: WorkflowBundle,
  histories: readonly Recorded[],
): Promise<Recorded | undefined> {
  const read = histories.map((recorded, index) => ({
    workflowId: String(index),
    history: historyFromJSON(JSON.parse(readHistory(recorded))),
  }));
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, read))
    if (error !== undefined) return histories[Number(workflowId)];
  return undefined;
}

/** @returns the message that a developer would read; undefined: nobody would. */
async function messageOf(plant: Plant, cacheDirectory: string): Promise<string | undefined> {
  const options = { ...plant, file: join(WORKFLOWS, plant.file) };
  const planted = await bundle({ loader: require.resolve('./plant.cjs'), options }, { cacheDirectory });
  const caught = await firstCaught(planted, historiesFor(plant));
  if (caught === undefined) return undefined;
  return replay(planted, caught).then(
    () => undefined,
    (error: unknown) => (error as Error).message,
  );
}

/** @throws when the code that a fault is planted into is gone, or is there more than once. */
async function requireAnchor({ name, file, find }: Plant): Promise<void> {
  const source = await readFile(join(WORKFLOWS, file), 'utf8');
  const times = source.split(find).length - 1;
  if (times !== 1)
    throw new Error(
      `"${name}": workflows/${file} has its anchor ${times} times, not once; put it right in test/mutants:\n${find}`,
    );
}

async function main(area: string | undefined, part = ''): Promise<void> {
  if (area !== 'workflows')
    throw new Error('the only list of faults is of the workflows: npm run mutants -- workflows');
  for (const plant of PLANTS) await requireAnchor(plant);
  const chosen = PLANTS.filter(({ name }) => name.includes(part));
  if (chosen.length === 0) throw new Error(`no fault is named so: ${part}`);
  quieten();
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'mindtickle-mutants-'));
  const missed: Plant[] = [];
  try {
    for (const plant of chosen) {
      const message = await messageOf(plant, cacheDirectory);
      if (message === undefined) missed.push(plant);
      say(`${message === undefined ? 'NOT CAUGHT' : 'caught    '}  ${plant.file.padEnd(30)} ${plant.name}`);
      if (message !== undefined) say(`            ${message}`);
    }
  } finally {
    await rm(cacheDirectory, { recursive: true, force: true });
  }
  say(`caught ${chosen.length - missed.length} of ${chosen.length}`);
  if (missed.length > 0) process.exitCode = 1;
}

main(process.argv[2], process.argv[3]).catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
});
