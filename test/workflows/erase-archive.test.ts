import { TASK_QUEUE } from '../../src/temporal';
import type { eraseArchive } from '../../workflows';
import { useWorld } from './world';

const world = useWorld('dev');
const keys = ['people/u1/a.json', 'certificates/u1/c1.pdf'];
let asked = 0;

const erase = () =>
  world.client.workflow.execute<typeof eraseArchive>('eraseArchive', {
    taskQueue: TASK_QUEUE,
    workflowId: `erase-archive:${(asked += 1)}`,
    args: [keys],
  });

describe('eraseArchive', () => {
  test('removes the files where the archive is on', async () => {
    expect(await erase()).toEqual({ outcome: 'done' });
    expect(world.callsOf('removeFiles').map(({ args }) => args)).toEqual([[keys]]);
  });

  test.each(['off', 'observe'] as const)('removes nothing where the archive is %s', async (mode) => {
    world.modes = { archive: mode };
    expect(await erase()).toEqual({ outcome: 'off' });
    expect(world.calls).toEqual([]);
  });
});
