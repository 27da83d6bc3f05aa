/** How arguments of the command line are read. Each throws InvalidArgumentError, which Commander prints. */
import { InvalidArgumentError } from 'commander';

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Not a port: 0 to 65535.');
  return port;
}

/** It becomes a part of event ids. */
export function runId(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(text))
    throw new InvalidArgumentError('Not the id of a run: letters, digits, `_`, `.` and `-`, 64 at most.');
  return text;
}

export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Not JSON.');
  }
}
