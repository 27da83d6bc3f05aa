/**
 * `npm run histories:record [-- <workflow>]`: run each scenario that the newest release has no history of, and record it.
 * A history that is there is not made anew: workflows that began with it may still be running. One that no workflow can have
 * begun with, because its release is not out yet, is deleted first.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { NEWEST_RELEASE } from '../../src/domain';
import globalSetup from '../global-setup';
import globalTeardown from '../global-teardown';
import type { ServerKind } from '../workflows/server';
import { openWorld, type World } from '../workflows/world';
import { fileOf } from './files';
import { play, scenarios, type WorkflowName } from './scenarios';
import { textOf } from './strip';

interface Job {
  readonly workflow: WorkflowName;
  readonly scenario: string;
}

/** The time-skipping server loses a task now and then, and then its time stands still: another one is opened. */
const TRIES = 2;

/** Longer than any scenario takes, but one of thousands of messages. */
const LIMIT_MS = 120_000;

async function record(world: World, { workflow, scenario }: Job): Promise<void> {
  const file = fileOf({ release: NEWEST_RELEASE, workflow, scenario });
  const played = scenarios[workflow][scenario];
  if (played === undefined) throw new Error(`${workflow} has no scenario ${scenario}`);
  const run = await within(LIMIT_MS, play(world, played, workflow));
  const text = textOf(await run.fetchHistory());
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`it is not over after ${ms} ms`)), ms).unref();
  });
  return Promise.race([work, late]);
}

/** @returns those of which no history could be recorded. */
async function recordAll(jobs: Job[], server: ServerKind): Promise<readonly Job[]> {
  const failed: Job[] = [];
  let world = await openWorld(server);
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const begun = Date.now();

    for (let tries = 1; ; tries += 1) {
      try {
        await record(world, job);
        process.stdout.write(`recorded ${job.workflow} ${job.scenario} (${Date.now() - begun} ms)\n`);
        break;
      } catch (error) {
        process.stderr.write(`${job.workflow} ${job.scenario}, try ${tries}: ${String(error)}\n`);
        await world.stop().catch(() => undefined);
        world = await openWorld(server);
        if (tries < TRIES) continue;
        failed.push(job);
        break;
      }
    }
  }
  await world.stop();
  return failed;
}

async function main(only: string | undefined): Promise<void> {
  const all = Object.keys(scenarios) as WorkflowName[];
  const chosen = all.filter((workflow) => only === undefined || workflow === only);
  if (chosen.length === 0) throw new Error(`no workflow is named ${only}: there are ${all.join(', ')}`);
  const jobs = chosen
    .flatMap((workflow) => Object.keys(scenarios[workflow]).map((scenario) => ({ workflow, scenario })))
    .filter(({ workflow, scenario }) => !existsSync(fileOf({ release: NEWEST_RELEASE, workflow, scenario })));
  await globalSetup();
  try {
    const isTimeless = ({ workflow, scenario }: Job): boolean => scenarios[workflow][scenario]?.isTimeless === true;
    const failed = await Promise.all([
      recordAll(jobs.filter(isTimeless), 'dev'),
      recordAll(
        jobs.filter((job) => !isTimeless(job)),
        'time-skipping',
      ),
    ]);
    const names = failed.flat().map(({ workflow, scenario }) => `${workflow} ${scenario}`);
    if (names.length > 0) throw new Error(`not recorded: ${names.join(', ')}`);
  } finally {
    await globalTeardown();
  }
}

main(process.argv[2]).catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
});
