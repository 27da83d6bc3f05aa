/** Why a call failed: as a key, and as a sentence for people. */
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { type Cause, isOwnCause, SYSTEMS, type System } from '../../src/domain';

/** What a failure of ours says beside its sentence. */
interface Details {
  readonly status?: unknown;
  readonly call?: unknown;
  readonly cause?: unknown;
}

function detailsOf({ details }: ApplicationFailure): Details {
  const [first] = (details ?? []) as readonly (Details | undefined)[];
  return first ?? {};
}

function areCredentialsRefused({ status }: Details): boolean {
  return status === 401 || status === 403;
}

/** Credentials that a system refuses stop every process that needs it. */
export function sharedCause({ cause }: ActivityFailure): string | undefined {
  if (!isOurs(cause)) return undefined;
  const details = detailsOf(cause);
  if (!areCredentialsRefused(details)) return undefined;
  // Whichever call met them first.
  return typeof details.call === 'string' ? cause.message.replace(`: ${details.call}:`, '') : cause.message;
}

/** The key of why a call failed. `system`: whose call it was, for a failure that does not say. */
export function causeOf(error: unknown, system: System | 'activity'): Cause {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return `${system}.unavailable`;
  if (!isOurs(cause)) return `${system}.failed`;
  const details = detailsOf(cause);
  if (isOwnCause(details.cause)) return details.cause;
  const [named = system, reason] = cause.type?.split('.') ?? [];
  if (areCredentialsRefused(details)) return `${named}.credentialsRefused`;
  return `${named}.${reason === 'unavailable' ? reason : 'rejected'}`;
}

/**
 * Why a step failed, as a sentence without names or values. Only failures that we throw ourselves have such a message; any
 * other, such as a `TypeError` that Temporal wraps, may quote what it failed on, and is named by its type alone.
 */
export function whyFailed(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (isOurs(cause)) return cause.message;
  if (cause instanceof ApplicationFailure) return `failed: ${cause.type ?? 'unknown'}`;
  if (cause instanceof TimeoutFailure) return 'gave no result within its time';
  return 'failed';
}

const OUR_SYSTEMS: readonly string[] = [...SYSTEMS, 'ledger', 'temporal', 'quarantine'];

/** Our types are `<system>.<reason>`. */
export function isOurs(cause: unknown): cause is ApplicationFailure {
  if (!(cause instanceof ApplicationFailure)) return false;
  const [system = '', reason] = cause.type?.split('.') ?? [];
  return reason !== undefined && OUR_SYSTEMS.includes(system);
}
