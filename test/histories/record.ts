/**
 * `npm run histories:record [-- -t <workflow type>]`: run each scenario that has no recorded history yet, and record it.
 * A history that is there is never made anew: workflows that began with it may still be running.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { openWorld, type World } from '../workflows/world';
import { historiesDirectory } from './files';
import { scenarios } from './scenarios';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.stop());
beforeEach(() => world.reset());

test.each(scenarios)('$type $name', async ({ type, name, run }) => {
  const file = join(historiesDirectory, type, `${name}.json`);
  if (!existsSync(file)) {
    const handle = await run(world);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${historyToJSON(await handle.fetchHistory())}\n`);
  }
  expect(existsSync(file)).toBe(true);
});
