import { SettingsError } from './error';
import { linesOf } from './value-file';
import {
  fileTextOf,
  parseVariable,
  readVariables,
  type Environment,
  type VariableName,
  type VariableValues,
  type Written,
} from './variables';
import { createLogger, type Logger } from '../telemetry';
import { watchFile, type WatchedFileOptions } from './watched-file';

/** A secret as it is now: it may have been read again from the file that `<NAME>_FILE` names. */
export type Secret = () => string;

export interface ReloadedSetting<T> {
  /** As read last. Another value is another object: a request that keeps it keeps what it began with. */
  readonly current: () => T;
  /** Why what the file holds now is not used, one sentence each; never a value. Empty when all is well. */
  readonly warnings: () => readonly string[];
  readonly reloads: () => ReloadCounts;
  readonly close: () => void;
}

/** How often the file was found changed, by what came of it. */
export interface ReloadCounts {
  readonly changed: number;
  readonly failed: number;
}

interface WatchOptions<T> extends Pick<WatchedFileOptions, 'settleMs' | 'pollMs' | 'wait' | 'watchDirectory'> {
  readonly env: Environment;
  /** Absent: a log of its own, on standard error. */
  readonly log?: Logger;
  /** Called after each change; never with the first value. */
  readonly onChange?: (value: T) => void;
}

export type ReloadOptions<N extends VariableName> = WatchOptions<VariableValues<N>[N]> & { readonly name: N };

/**
 * Read a setting, and where `<NAME>_FILE` names its file, read it again when that changes. A value is parsed whole before
 * it takes the place of the old one; a file that is gone, empty or malformed changes nothing and shows in `warnings`.
 * @throws SettingsError when the first value is missing or malformed.
 */
export function watchSetting<N extends VariableName>(options: ReloadOptions<N>): ReloadedSetting<VariableValues<N>[N]> {
  const { name } = options;
  return watchVariable(name, (written) => parseVariable(name, written), options);
}

/**
 * The same of any variable: the only way in which a file of a setting is read again. `read` parses the variable.
 * @throws SettingsError when the first value is missing or malformed.
 */
export function watchVariable<T>(
  name: string,
  read: (written: Written) => T,
  options: WatchOptions<T>,
): ReloadedSetting<T> {
  const { env, log = createLogger('settings', readVariables(env, ['LOG_LEVEL']).LOG_LEVEL), onChange } = options;
  const path = env[`${name}_FILE`]?.trim() ?? '';
  // Read once: between two readings it could change, and the change be missed.
  const first = fileTextOf(env, name);
  let current = read(first === undefined ? env[name]?.trim() : linesOf(name, first));
  let warnings: readonly string[] = [];
  let reloads: ReloadCounts = { changed: 0, failed: 0 };

  const keepOld = (faults: readonly string[]): void => {
    reloads = { ...reloads, failed: reloads.failed + 1 };
    warnings = faults.map((fault) => `${fault}; what was read before stays in use.`);
    for (const warning of warnings) log.warn({ setting: name }, warning);
  };
  const take = (text: string | undefined): void => {
    const parsed = parse(name, read, text);
    if ('faults' in parsed) {
      keepOld(parsed.faults);
      return;
    }
    current = parsed.value;
    warnings = [];
    reloads = { ...reloads, changed: reloads.changed + 1 };
    log.info({ setting: name }, 'a setting was read again from its file');
    onChange?.(current);
  };

  // Without a file there is nothing that could change.
  const close =
    first === undefined ? () => undefined : watchFile({ ...options, path, known: first.trim(), onChange: take });
  return { current: () => current, warnings: () => warnings, reloads: () => reloads, close };
}

/** A setting that is read at the start alone: the log says so when its file changes. @returns what ends it. */
export function noticeChange(
  name: string,
  { env, log }: { readonly env: Environment; readonly log: Logger },
): () => void {
  const onChange = (): void => log.warn({ setting: name }, `${name}_FILE: the file has changed: restart to use it`);
  const path = env[`${name}_FILE`]?.trim() ?? '';
  const known = fileTextOf(env, name);
  return known === undefined ? () => undefined : watchFile({ path, known: known.trim(), onChange });
}

type Parsed<T> = { readonly value: T } | { readonly faults: readonly string[] };

function parse<T>(name: string, read: (written: Written) => T, text: string | undefined): Parsed<T> {
  if (text === undefined) return { faults: [`${name}_FILE: the file cannot be read`] };
  try {
    const lines = linesOf(name, text);
    return lines.length === 0 ? { faults: [`${name}_FILE: the file is empty`] } : { value: read(lines) };
  } catch (error) {
    return { faults: error instanceof SettingsError ? error.faults : [`${name}: cannot be used`] };
  }
}
