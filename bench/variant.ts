import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from './stack';

/** One way to take deliveries and work them off. */
export interface Variant {
  readonly name: string;
  /** What it is, for the method. */
  readonly description: string;
  /** It is compared with the floor by what it acknowledges. */
  readonly acknowledges: boolean;
  /** @throws Missing when a part of it is not on this machine. */
  readonly start: (stack: Stack) => Promise<System>;
}

/** A variant that runs. */
export interface System {
  readonly url: () => string;
  /** Everything that works for it, the shared parts too. */
  readonly pids: () => Readonly<Record<string, number>>;
  /** How many events were worked off since the start; undefined: nothing works them off. */
  readonly completed: (() => Promise<number>) | undefined;
  /** Average length of the newest histories. */
  readonly historyLength?: () => Promise<number>;
  /** Forget what waits, so that the next measurement begins with nothing. */
  readonly discard?: () => Promise<void>;
  readonly versions: Readonly<Record<string, string>>;
}

/** Something that a peer needs is not here. */
export class Missing extends Error {
  override readonly name = 'Missing';
}

/** Of the package in this folder. */
export function versionIn(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
