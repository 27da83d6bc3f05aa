import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isRunning, seeProcess } from '../../process-id';

const owner = z.object({
  /** One taking of the directory. */
  uuid: z.string(),
  pid: z.number(),
  /** When that process started; process ids are given again. */
  started: z.string(),
  /** Where its process id means something: the machine, its start, the container. */
  place: z.string(),
  /** ISO 8601, of the last heartbeat. */
  at: z.string(),
});

type Owner = z.infer<typeof owner>;

export interface Ownership {
  readonly giveBack: () => void;
}

export interface OwnerOptions {
  readonly dir: string;
  /** Epoch ms. */
  readonly now: () => number;
  /** Another process has taken the directory: it must not be written any more. */
  readonly onLost?: () => void;
  readonly patienceMs?: number;
}

const BEAT_MS = 1000;
/** An owner in another container that says nothing for so long is gone. */
const SILENT_MS = 8000;
const PATIENCE_MS = 12_000;
const POLL_MS = 200;
/** Of two that find it free at once the later one stands. */
const SETTLE_MS = 20;

/**
 * Take a spool's directory for this process. Its owner on this machine is gone when its process is; one in another
 * container, whose processes we cannot see, when it does not say for a while that it lives.
 * @throws Error when somebody else has it.
 */
export async function takeOwnership(options: OwnerOptions): Promise<Ownership> {
  const { dir, now, onLost, patienceMs = PATIENCE_MS } = options;
  const path = join(dir, 'owner.json');
  const own = { uuid: randomUUID(), ...identity() };
  const isOurs = (): boolean => read(path)?.uuid === own.uuid;
  const beat = (): void => write(path, { ...own, at: new Date(now()).toISOString() });

  const deadline = performance.now() + patienceMs;
  for (;;) {
    if (!isTaken(read(path), now())) {
      beat();
      await delay(SETTLE_MS);
      if (isOurs()) break;
    }
    if (performance.now() > deadline)
      throw new Error(`The spool in ${dir} belongs to another process that runs: each receiver needs its own DATA_DIR`);
    await delay(POLL_MS);
  }
  const timer = setInterval(() => {
    // One that cannot be read, or was removed, is nobody's.
    if ((read(path)?.uuid ?? own.uuid) === own.uuid) tryTo(beat);
    else {
      clearInterval(timer);
      onLost?.();
    }
  }, BEAT_MS);
  timer.unref();
  return {
    giveBack: () => {
      clearInterval(timer);
      if (isOurs()) tryTo(() => rmSync(path, { force: true }));
    },
  };
}

function isTaken(held: Owner | undefined, now: number): boolean {
  if (held === undefined) return false;
  const { place } = identity();
  if (held.place === place) return isRunning(held);
  return Math.abs(now - Date.parse(held.at)) < SILENT_MS;
}

function identity(): Pick<Owner, 'pid' | 'started' | 'place'> {
  return { pid: process.pid, started: seeProcess(process.pid)?.started ?? '', place: placeOf() };
}

function placeOf(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function read(path: string): Owner | undefined {
  try {
    return owner.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function write(path: string, content: Owner): void {
  const whole = `${path}.${content.uuid}`;
  const text = JSON.stringify(content);
  try {
    writeFileSync(whole, text, { mode: 0o600 });
    renameSync(whole, path);
  } catch {
    rmSync(whole, { force: true });
    // On a full disk the block that it has already is the only one to be had.
    writeFileSync(path, text, { mode: 0o600 });
  }
}

/** On a full disk the file stays as it was: the process itself is what a neighbour looks for first. */
function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // Tried again at the next beat.
  }
}
