/**
 * `npm run histories:record [-- -t <workflow type>]`: run each scenario that has no recorded history yet, and record it.
 * A history that is there is never made anew: workflows that began with it may still be running.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { openWorld, type World } from '../workflows/old-world';
import { historiesDirectory } from './files';
import { scenarios } from './scenarios';

/** Stack traces name the files of whoever records: from the repository on, they are everybody's. */
const repository = `${resolve(__dirname, '../..')}/`;

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
    const history = historyToJSON(await handle.fetchHistory()).replaceAll(repository, './');
    writeFileSync(file, `${history}\n`);
  }
  expect(existsSync(file)).toBe(true);
});
