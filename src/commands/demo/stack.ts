import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDevJson, type StackInfo } from '../../dev/data-dir';
import { startStack } from '../../dev/stack';

export interface DemoStack {
  readonly info: StackInfo;
  /** Stops the stack when it is the demo's own. */
  readonly stop: () => Promise<void>;
}

/** The `mt dev` that runs on `dataDir`, or one of the demo's own: on free ports, in a directory that goes with it. */
export async function openStack(dataDir: string): Promise<DemoStack> {
  const info = readDevJson(dataDir);
  if (info !== undefined && (await isAlive(info))) return { info, stop: () => Promise.resolve() };
  const own = await mkdtemp(join(tmpdir(), 'mindtickle-demo-'));
  // The user that Postgres runs as has to reach it.
  await chmod(own, 0o755);
  const stack = await startStack({
    env: process.env,
    dataDir: own,
    // Nobody is given its address.
    ops: false,
    ports: { receiver: 0, ops: 0, standIns: 0, temporal: 0, temporalUi: 0 },
    progress: (line) => console.error(line),
  });
  return {
    info: stack.info(),
    stop: async () => {
      await stack.stop();
      await rm(own, { recursive: true, force: true });
    },
  };
}

async function isAlive({ receiver }: StackInfo): Promise<boolean> {
  try {
    return (await fetch(`${receiver}/healthz`, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
