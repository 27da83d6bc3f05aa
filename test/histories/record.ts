/**
 * `npm run histories:record [-- <workflow>]`: run each scenario that the newest release has no history of, and record it.
 * A history that is there is not made anew: workflows that began with it may still be running.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import globalSetup from '../global-setup';
import globalTeardown from '../global-teardown';
import { openWorld, type World } from '../workflows/world';
import { fileOf, NEWEST_RELEASE } from './files';
import { play, scenarios, type WorkflowName } from './scenarios';

/** Stack traces name the files of whoever records: from the repository on, they are everybody's. */
const repository = `${resolve(__dirname, '../..')}/`;

async function record(world: World, workflow: WorkflowName): Promise<void> {
  for (const [name, scenario] of Object.entries(scenarios[workflow])) {
    const file = fileOf({ release: NEWEST_RELEASE, workflow, scenario: name });
    if (existsSync(file)) continue;
    const run = await play(world, scenario, workflow);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${historyToJSON(await run.fetchHistory()).replaceAll(repository, './')}\n`);
    process.stdout.write(`recorded ${workflow} ${name}\n`);
  }
}

async function main(only: string | undefined): Promise<void> {
  const all = Object.keys(scenarios) as WorkflowName[];
  const chosen = all.filter((workflow) => only === undefined || workflow === only);
  if (chosen.length === 0) throw new Error(`no workflow is named ${only}: there are ${all.join(', ')}`);
  await globalSetup();
  const world = await openWorld();
  try {
    for (const workflow of chosen) await record(world, workflow);
  } finally {
    await world.stop();
    await globalTeardown();
  }
}

main(process.argv[2]).catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
});
