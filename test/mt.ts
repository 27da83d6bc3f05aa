import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** The script behind the command `mt`. */
export const mtScript = resolve(__dirname, '../bin/mt.js');

/** Options of `mt dev` for free ports. */
export const ANY_PORTS = ['--port', '--ops-port', '--stand-ins-port', '--temporal-port', '--ui-port'].flatMap(
  (option) => [option, '0'],
);

/** Build `dist/` where it is stale: a test that starts `mt` at the same time as others does not wait within its own limit. */
export function buildMt(): void {
  spawnSync(process.execPath, [resolve(__dirname, '../bin/build.js'), '--if-stale'], { stdio: 'ignore' });
}

export interface MtOptions {
  /** Beside PATH and HOME: nothing else of ours reaches it. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: string;
}

export interface MtRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run one `mt` command to its end. */
export async function runMt(args: readonly string[], { env, cwd = tmpdir(), input }: MtOptions = {}): Promise<MtRun> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [mtScript, ...args], { cwd, env: { PATH, HOME, ...env } });
  // A command that does not read its input may end before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

/** Run one `mt` command that prints a JSON document, or nothing. */
export async function runMtJson(
  args: readonly string[],
  options?: MtOptions,
): Promise<{ code: number | null; json: unknown }> {
  const { code, stdout } = await runMt([...args, '--json'], options);
  return { code, json: stdout === '' ? null : (JSON.parse(stdout) as unknown) };
}
