import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** Logs far more than a pipe holds, and says on standard output how many lines were lost, again and again. */
const CHATTER = `
const { createLogger, lostLogLines } = require('./src/telemetry');
const log = createLogger('chatter');
setInterval(() => {
  for (let n = 0; n < 1000; n += 1) log.info({ n, padding: 'x'.repeat(200) }, 'line');
  console.log(lostLogLines());
}, 1);
`;

test('a process goes on working when nobody reads its log, and counts what it could not write', async () => {
  const args = ['-r', './test/run-typescript.cjs', '-e', CHATTER];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.pause();
  try {
    const said = createInterface({ input: child.stdout });
    let lost = 0;
    for await (const text of said) {
      if (Number(text) <= lost) continue;
      // It has gone on after lines were lost.
      if (lost > 0) break;
      lost = Number(text);
    }
    expect(lost).toBeGreaterThan(0);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});
