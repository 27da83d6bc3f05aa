import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { seeProcess } from '../../src/dev/process';

describe('seeProcess', () => {
  test('tells a process that is dead and not yet reaped from one that runs', async () => {
    expect(seeProcess(process.pid)?.command).toContain('node');
    // Its own parent never asks for the end of the inner one.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [output] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    while (seeProcess(pid) !== undefined) await new Promise(setImmediate);
    expect(() => process.kill(pid, 0)).not.toThrow();
    parent.kill();
    await once(parent, 'exit');
  });
});
