import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Logger } from '../../telemetry';

const callSchema = z.object({
  system: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.int(),
  at: z.string(),
});

/** One protocol call. `status` is what the caller was, or would have been, told; 0: cut off before anything was done. */
export type Call = z.infer<typeof callSchema>;

const fileSchema = z.object({
  version: z.literal(1),
  calls: z.array(callSchema),
  held: z.record(z.string(), z.unknown()),
});

/** What one system holds. Values are replaced whole, never changed in place. */
export interface Held<T> {
  readonly read: () => T;
  readonly write: (next: T) => void;
}

/** What all systems hold, and the calls to them, in memory and in one file. */
export interface Store {
  /** The part of one system: from the file where that fits `schema`, else `seed`. */
  readonly hold: <T>(system: string, schema: z.ZodType<T>, seed: () => T) => Held<T>;
  /** Record a call, just before it is answered: what it changed is in the file when this returns. */
  readonly record: (call: Omit<Call, 'at'>) => void;
  /** Oldest first. */
  readonly calls: () => readonly Call[];
  /** Back to the seeds, without calls. */
  readonly reset: () => void;
  /** Save what is not saved, and write no more. */
  readonly close: () => void;
}

interface StoreOptions {
  /** Absent: nothing survives the process. */
  readonly file?: string | undefined;
  readonly log: Logger;
  readonly now: () => Date;
}

/** How many calls are kept: the file is written whole, so it must not grow for ever. */
const CALLS_KEPT = 10_000;

/** A call that changed nothing may be lost to a kill of the process this long after its answer. */
const SAVE_WITHIN_MS = 25;

/** A file that is damaged, or of another version, counts as absent and is overwritten; the log says so. */
export function openStore({ file, log, now }: StoreOptions): Store {
  const stored = file === undefined ? undefined : readStored(file, log);
  const held = new Map<string, { seed: () => unknown; value: unknown }>();
  let calls: Call[] = stored?.calls ?? [];
  const saver = createSaver(file, log, () => ({
    version: 1,
    calls,
    held: Object.fromEntries([...held].map(([system, { value }]) => [system, value])),
  }));

  return {
    hold: <T>(system: string, schema: z.ZodType<T>, seed: () => T): Held<T> => {
      const entry = { seed, value: restore(system, schema, stored?.held[system], log) ?? seed() };
      held.set(system, entry);
      return {
        read: () => entry.value,
        write: (next) => {
          entry.value = next;
          saver.changed();
        },
      };
    },
    record: (call) => {
      calls.push({ ...call, at: now().toISOString() });
      if (calls.length > CALLS_KEPT) calls = calls.slice(-CALLS_KEPT);
      saver.saveSoon();
    },
    calls: () => calls,
    reset: () => {
      calls = [];
      for (const entry of held.values()) entry.value = entry.seed();
      saver.changed();
      saver.saveSoon();
    },
    close: () => saver.close(),
  };
}

function restore<T>(system: string, schema: z.ZodType<T>, value: unknown, log: Logger): T | undefined {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  log.warn({ system }, 'the state file holds something else for this system: it starts from the seed');
  return undefined;
}

function readStored(file: string, log: Logger): z.infer<typeof fileSchema> | undefined {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    log.warn({ file }, 'the state file is damaged: every system starts from the seed');
    return undefined;
  }
}

interface Saver {
  /** Something was written that the file lacks. */
  readonly changed: () => void;
  /** At once when something changed, else within `SAVE_WITHIN_MS`. */
  readonly saveSoon: () => void;
  readonly close: () => void;
}

function createSaver(file: string | undefined, log: Logger, content: () => unknown): Saver {
  if (file === undefined) return { changed: () => undefined, saveSoon: () => undefined, close: () => undefined };
  mkdirSync(dirname(file), { recursive: true });
  let dirty = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    dirty = false;
    try {
      // No fsync: it is the process that may be killed at any time, not the machine.
      writeFileSync(`${file}.tmp`, JSON.stringify(content()), { mode: 0o600 });
      renameSync(`${file}.tmp`, file);
    } catch (error) {
      log.error({ file, code: (error as NodeJS.ErrnoException).code }, 'the state file cannot be written');
    }
  };
  return {
    changed: () => {
      dirty = true;
    },
    saveSoon: () => {
      if (closed) return;
      if (dirty) save();
      else timer ??= setTimeout(save, SAVE_WITHIN_MS).unref();
    },
    close: () => {
      if (!closed) save();
      closed = true;
    },
  };
}
