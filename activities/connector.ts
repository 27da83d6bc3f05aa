import { Context, type ApplicationFailure } from '@temporalio/activity';
import type { Pool } from 'pg';
import { isProtectedUser, type Policy, type Readers, type System } from '../src/domain';
import { rejected } from './failure';
import type { Claims } from './ledger';

/** What all connectors share. Each exports one `connect(settings, deps)`, and `activities/index.ts` lists them. */
export interface Connector<A extends object = object> {
  /** What workflows call, by name. */
  readonly activities: A;
  /** Each on its own: one that fails hides no other. */
  readonly checks: readonly Check[];
  /** What the log says at the start, beside that the system answers. */
  readonly note?: () => Promise<string | undefined>;
}

/**
 * Cheap requests about one thing that a setting or the policy names, with the connector's own client.
 * @throws `<system>.unavailable` or `<system>.rejected`; with `details.advice` where it is not about a setting.
 */
export type Check = () => Promise<unknown>;

export interface ConnectorDeps {
  readonly pool: Pool;
  readonly policy: Policy;
  /** Where people read and act on what they are notified of. */
  readonly links?: Links | undefined;
  /** Absent: what a row of the ledger claims for its workflow is taken as it is. */
  readonly claims?: Claims | undefined;
  /** How long one call may take, in ms, within the activity's own limit. Absent: what the connector has by default. */
  readonly timeoutMs?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Epoch ms. */
  readonly now?: (() => number) | undefined;
}

export type Links = Pick<Readers, 'uiUrl' | 'opsUrl'>;

/** How people read the messages of this deployment, without the name of the person whom they are about. */
export function readersOf({ policy, links }: Pick<ConnectorDeps, 'policy' | 'links'>): Readers {
  return { timeZone: policy.calendar.timeZone, namespace: Context.current().info.namespace, ...links };
}

/** The person that a step is about. */
export interface Person {
  readonly userId: string;
  readonly email: string | null;
}

/** `unchanged`: it was so already. `absent`: the system does not know the person. `not active`: a leaver is granted nothing. */
export type Change = 'done' | 'unchanged' | 'absent' | 'not active' | 'observed';

/** Whether a person can still get into a system. */
export interface AccessFound {
  /** `open`: an account of theirs is active. `not supported`: the system, or its settings, cannot say. */
  readonly state: 'ended' | 'open' | 'absent' | 'not supported';
  /** Groups of which they are still members, without those that the policy protects. */
  readonly groups?: readonly string[];
}

/** @throws `<system>.rejected` when the policy protects one of these names of a person. */
export function requireUnprotected(
  system: System,
  names: readonly (string | null)[],
  isProtected: Policy['protected'],
): void {
  if (isProtectedUser(names, isProtected))
    throw rejected(system, 'must not change this user: protected by the policy', { cause: 'protected' });
}

/**
 * `<system>.rejected`: one key of a person leads to one account, and another key to another: the wrong person must not be
 * changed. `found` and `otherwise` say what leads where, by ids; an address is only called one.
 */
export function keysDisagree(system: System, found: string, otherwise: string): ApplicationFailure {
  const advice = 'correct the wrong one, then retryStep, or identify or skipStep';
  return rejected(system, `has ${found}, but ${otherwise}: nothing is changed (${advice})`, {
    cause: 'accountConflict',
  });
}

/** An id in a sentence: its field may hold an address, which no sentence may. */
export function shownId(id: string): string {
  return /^[\w.:-]{1,64}$/.test(id) ? `"${id}"` : 'somebody else';
}
