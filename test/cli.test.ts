import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { resolve } from 'node:path';

const repository = resolve(__dirname, '..');

test('what was printed arrives whole, however much it is', async () => {
  const script = `process.stdout.write('x'.repeat(1_000_000)); void require('./src/cli').exit(3);`;
  const child = spawn(process.execPath, ['-r', './test/run-typescript.cjs', '-e', script], { cwd: repository });
  const code = new Promise((ended) => child.once('exit', ended));
  await expect(text(child.stdout)).resolves.toHaveLength(1_000_000);
  await expect(code).resolves.toBe(3);
});
