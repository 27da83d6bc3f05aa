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

/** One protocol call. `status` is what the caller was, or would have been, answered; 0: cut off before anything was done. */
export type Call = z.infer<typeof callSchema>;

const fileSchema = z.object({
  version: z.literal(2),
  calls: z.array(callSchema),
  systems: z.record(z.string(), z.unknown()),
});

/** The state of one system. Values are replaced whole, never mutated. */
export interface Stored<T> {
  readonly read: () => T;
  readonly write: (next: T) => void;
}

/** The state of all systems, and the calls to them, in memory and in one file. */
export interface Store {
  /** The state of one system: from the file where that fits `schema`, else `seed`. */
  readonly open: <T>(system: string, schema: z.ZodType<T>, seed: () => T) => Stored<T>;
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

/** How many calls are kept: the file is written whole, so it must not grow without end. */
const CALLS_KEPT = 10_000;

/** A call that changed nothing may be lost to a kill of the process this long after its answer. */
const SAVE_WITHIN_MS = 25;

/** A file that is damaged, or of another version, counts as absent and is overwritten; the log says so. */
export function openStore({ file, log, now }: StoreOptions): Store {
  const saved = file === undefined ? undefined : readSaved(file, log);
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  const systems = new Map<string, { readonly seed: () => unknown; value: unknown }>();
  let calls: Call[] = saved?.calls ?? [];
  let isChanged = false;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = file === undefined;

  const save = (): void => {
    clearTimeout(timer);
    timer = undefined;
    isChanged = false;
    const values = Object.fromEntries([...systems].map(([system, { value }]) => [system, value]));
    if (!isClosed && file !== undefined) writeWhole(file, { version: 2, calls, systems: values }, log);
  };

  return {
    open: <T>(system: string, schema: z.ZodType<T>, seed: () => T): Stored<T> => {
      const state = { seed, value: restored(system, schema, saved?.systems[system], log) ?? seed() };
      systems.set(system, state);
      return {
        read: () => state.value,
        write: (next) => {
          state.value = next;
          isChanged = true;
        },
      };
    },
    record: (call) => {
      calls.push({ ...call, at: now().toISOString() });
      if (calls.length > CALLS_KEPT) calls = calls.slice(-CALLS_KEPT);
      if (isChanged) save();
      else timer ??= setTimeout(save, SAVE_WITHIN_MS).unref();
    },
    calls: () => calls,
    reset: () => {
      calls = [];
      for (const state of systems.values()) state.value = state.seed();
      save();
    },
    close: () => {
      save();
      isClosed = true;
    },
  };
}

function restored<T>(system: string, schema: z.ZodType<T>, value: unknown, log: Logger): T | undefined {
  if (value === undefined) return undefined;
  const parsed = schema.safeParse(value);
  if (!parsed.success) log.warn({ system }, 'the state file does not fit this system: it starts from the seed');
  return parsed.data;
}

function readSaved(file: string, log: Logger): z.infer<typeof fileSchema> | undefined {
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

function writeWhole(file: string, content: object, log: Logger): void {
  try {
    // No fsync: it is the process that may be killed at any time, not the machine.
    writeFileSync(`${file}.tmp`, JSON.stringify(content), { mode: 0o600 });
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    log.error({ file, code: (error as NodeJS.ErrnoException).code }, 'the state file cannot be written');
  }
}
