/** What the doctor's checks share: what each finds, and a limit that holds whatever hangs. */
import { SECOND } from '../domain';
import { withTimeout } from '../with-timeout';

/** `unknown`: it was not checked, and `fix` says where it can be. */
export type Status = 'ok' | 'warn' | 'fail' | 'unknown';

/** One line for a person. */
export interface Finding {
  /** What was looked at: the same from run to run. */
  readonly name: string;
  readonly status: Status;
  /** What is the case, as a sentence; never a secret, nor a person. */
  readonly detail: string;
  /** What to do, as a sentence; null where nothing is to be done. */
  readonly fix: string | null;
}

export interface Check {
  readonly name: string;
  /** What to do when it does not end in time. */
  readonly whenLate: string;
  readonly run: () => Promise<readonly Finding[]>;
}

/** With a start that takes a second or two, all of it ends within ten. */
const LIMIT_MS = 5 * SECOND;

/** Run all checks side by side. Never rejects, and ends within the limit whatever hangs. */
export async function examine(checks: readonly Check[], limitMs = LIMIT_MS): Promise<readonly Finding[]> {
  const found = await Promise.all(checks.map((check) => runWithin(check, limitMs)));
  return found.flat();
}

async function runWithin({ name, whenLate, run }: Check, limitMs: number): Promise<readonly Finding[]> {
  try {
    const found = await withTimeout(Promise.resolve().then(run), limitMs);
    return found === 'timeout' ? [fail(name, `No answer within ${limitMs / SECOND} s.`, whenLate)] : found;
  } catch (error) {
    // The message of an error that we do not know may hold anything.
    const { code, name: kind } = error as NodeJS.ErrnoException;
    return [fail(name, `It could not be checked (${code ?? kind}).`, whenLate)];
  }
}

export function ok(name: string, detail: string): Finding {
  return { name, status: 'ok', detail, fix: null };
}

export function warn(name: string, detail: string, fix: string): Finding {
  return { name, status: 'warn', detail, fix };
}

export function fail(name: string, detail: string, fix: string): Finding {
  return { name, status: 'fail', detail, fix };
}

export function unknown(name: string, detail: string, fix: string): Finding {
  return { name, status: 'unknown', detail, fix };
}

/** The same promise for everybody who asks. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

/** As a sentence of its own. */
export function sentence(text: string): string {
  const capitalised = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capitalised) ? capitalised : `${capitalised}.`;
}
