import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { says, startChild } from '../../src/dev/child';

export interface ReceiverProcess {
  readonly url: string;
  /** Resolves when it listens, or when it was killed before that. */
  readonly start: () => Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  readonly kill: () => Promise<void>;
  /** The same, and it cannot be started again. */
  readonly close: () => Promise<void>;
}

export interface ReceiverOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  readonly logFile: string;
}

const GRACE_MS = 15_000;
const ready = z.object({ ready: z.literal(true), port: z.number() });

/** `mt receiver` as a process that can be killed and started again, on the same port and the same spool. */
export function createReceiverProcess({ env, port, logFile }: ReceiverOptions): ReceiverProcess {
  let pid: number | undefined;
  let starting: ReturnType<typeof launch> | undefined;
  let isKilled = false;
  let isClosed = false;

  const launch = () =>
    startChild({
      args: ['receiver'],
      env,
      logFile,
      graceMs: GRACE_MS,
      readyWhen: says(ready),
      onSpawn: (spawned) => (pid = spawned),
      signal: new AbortController().signal,
    });
  const start = async (): Promise<void> => {
    if (isClosed) throw new Error('the receiver is closed');
    isKilled = false;
    starting = launch();
    await starting.catch((error: unknown) => {
      if (!isKilled) throw error;
    });
  };
  const kill = async (): Promise<void> => {
    if (pid === undefined) return;
    isKilled = true;
    process.kill(pid, 'SIGKILL');
    pid = undefined;
    const child = await starting?.catch(() => undefined);
    await child?.exited;
  };
  const close = async (): Promise<void> => {
    isClosed = true;
    await kill();
  };
  return { url: `http://127.0.0.1:${port}`, start, kill, close };
}

const DRAINED_LIMIT_MS = 60_000;
const POLL_MS = 15;

/** Resolves when the spool is empty, so that Temporal has everything. Without a spool: when Temporal is reached. */
export async function untilDrained(url: string, limitMs = DRAINED_LIMIT_MS): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  for (;;) {
    const body: unknown = await fetch(`${url}/readyz`).then(
      (response) => response.json(),
      () => null,
    );
    const { temporal, spool } = (body ?? {}) as { temporal?: string; spool?: { records: number } | null };
    if (spool === null ? temporal === 'ok' : spool?.records === 0) return;
    if (Date.now() > giveUpAt)
      throw new Error(`the spool was not empty in ${limitMs / 1000} s; /readyz: ${JSON.stringify(body)}`);
    await sleep(POLL_MS);
  }
}
