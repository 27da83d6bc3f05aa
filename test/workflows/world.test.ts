import type { WorkflowHandle } from '@temporalio/client';
import { openWorld, type World } from './world';

describe('an activity without a fake', () => {
  test.each<[string, (world: World, handle: WorkflowHandle) => Promise<unknown>]>([
    ['a state', (world, handle) => world.parked(handle)],
    ['a result', (_, handle) => handle.result()],
  ])('fails a test that waits for %s at once, by name', async (_what, wait) => {
    const world = await openWorld('dev');
    world.expectNo('freezeUser');
    const handle = await world.send('user.deprovisioned');
    await expect(wait(world, handle)).rejects.toThrow('no fake for freezeUser');
    await world.stop();
  });
});
