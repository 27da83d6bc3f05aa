// First of all: it listens for the signals that stop us.
import './stop-signal';
import { CommanderError } from 'commander';
import { createProgram } from './commands';
import type { SettingsError } from './settings';
import { withTimeout } from './with-timeout';

const FAILED = 1;
const BAD_USAGE = 2;

/** Longer than any command takes to stop by itself once whoever started it is gone. */
const ORPHAN_LIMIT_MS = 30_000;

/** Run `mt` with the arguments of a process (`argv`); sets its exit code: 0, 1 it failed, 2 bad usage. */
export async function main(argv: readonly string[]): Promise<void> {
  endWhenOrphaned();
  try {
    await createProgram(exit).parseAsync(argv);
  } catch (error) {
    process.exit(report(error, argv.includes('--debug')));
  }
}

/** Who reads standard error may have stopped reading, and the process is to end all the same. */
const LAST_LINES_MS = 1000;

/**
 * A command that returned has ended: what it left open, such as the channel to `mt dev`, does not keep the process. What it
 * printed does: a pipe holds 64 KiB, and accepts the rest when its reader comes to it.
 */
export async function exit(code: number): Promise<never> {
  await Promise.all([flushed(process.stdout), withTimeout(flushed(process.stderr), LAST_LINES_MS)]);
  process.exit(code);
}

/** Also when the reader has gone: then there is nobody to wait for. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}

function report(error: unknown, isDebug: boolean): number {
  // Commander has written its message; help and --version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USAGE;
  const settingsFaults = faultsOf(error);
  const faults = settingsFaults ?? [error instanceof Error ? error.message : String(error)];
  for (const fault of faults) console.error(`mt: ${fault}`);
  if (isDebug && error instanceof Error) console.error(error.stack);
  return settingsFaults === undefined ? FAILED : BAD_USAGE;
}

/** A SettingsError is known by its name: loading its class loads all settings, for which `mt --help` need not wait. */
function faultsOf(error: unknown): readonly string[] | undefined {
  const isFaults = error instanceof Error && error.name === 'SettingsError';
  return isFaults ? (error as Error & Pick<SettingsError, 'faults'>).faults : undefined;
}

/** `mt dev` may end before the command of a process that it started listens for that. */
function endWhenOrphaned(): void {
  if (process.send !== undefined)
    process.once('disconnect', () => setTimeout(() => process.exit(FAILED), ORPHAN_LIMIT_MS).unref());
}

if (require.main === module) void main(process.argv);
