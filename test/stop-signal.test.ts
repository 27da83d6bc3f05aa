import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

const root = join(__dirname, '..');

type Child = ChildProcessByStdio<null, Readable, null>;

function run(code: string): Child {
  const script = `const { stopAsked } = require('./src/stop-signal');\n${code}`;
  const args = ['-r', './test/run-typescript.cjs', '-e', script];
  return spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function said(child: Child): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString();
}

const IDLE = 'setInterval(() => undefined, 1000); console.log("on");';

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s before anybody waits for it ends the process',
    async (signal) => {
      const child = run(IDLE);
      await said(child);
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
    },
  );

  test('is passed on once to who waits for it; the next one ends the process', async () => {
    const child = run(`stopAsked(() => console.log('at once')).then((cause) => console.log(cause)); ${IDLE}`);
    await said(child);
    child.kill('SIGTERM');
    expect(await said(child)).toBe('SIGTERM\n');
    child.kill('SIGINT');
    expect(await said(child)).toBe('at once\n');
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  });

  test('is heard from the first line on: no module is loaded before the one that listens', () => {
    const [first] = /^import .*$/m.exec(readFileSync(join(root, 'src/cli.ts'), 'utf8')) ?? [];
    expect(first).toBe("import './stop-signal';");
  });
});
