import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is to be ended and removed, newest first. */
const cleanups: (() => Promise<unknown>)[] = [];

export function onEnd(cleanup: () => Promise<unknown>): void {
  cleanups.unshift(cleanup);
}

/** Ends every process that was started here, and removes what it wrote. */
export async function endAll(): Promise<void> {
  for (const cleanup of cleanups.splice(0)) await cleanup().catch(() => undefined);
}

export async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'peers-'));
  onEnd(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Resolves once it listens on `port`. @throws Error with the end of its output when it ends first, or after half a minute (`limitMs`). */
export async function run(
  program: string,
  args: readonly string[],
  port: number,
  {
    limitMs = 30_000,
    ...options
  }: Pick<SpawnOptions, 'env' | 'uid' | 'gid' | 'cwd'> & { readonly limitMs?: number } = {},
): Promise<void> {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-2000)));
  const ended = once(child, 'exit').catch(() => undefined);
  onEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  });
  const until = Date.now() + limitMs;
  while (!(await listens(port))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${program} does not listen: ${output}`);
    await sleep(50);
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(
      () => false,
      () => false,
    ),
  ]).catch(() => false);
  socket.destroy();
  return isOpen;
}
