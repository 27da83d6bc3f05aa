import type { z } from 'zod';
import { SettingsError } from '../error';
import type { Secret } from '../reload';
import type { Environment } from '../variables';

export type { Secret } from '../reload';

/** How one system is set. `satisfies SystemDescriptor` in each file, so that the types of its variables stay known. */
export interface SystemDescriptor {
  /** Every variable of the system, with what it may be; a test holds docs/configuration.md to them. */
  readonly variables: Readonly<Record<string, z.ZodType>>;
  /** The system needs all variables of one row; the others are optional. A test holds docs/connectors.md to them. */
  readonly needs: readonly (readonly string[])[];
  /** The system's SDK reads variables of its own, which begin with this. */
  readonly sdkPrefix?: string;
  /** Its variables in `mt dev`, where a stand-in takes the system's place. */
  readonly toStandIn: (at: StandInAddress) => Readonly<Record<string, string>>;
  /** Undefined when the system has no settings. @throws SettingsError naming each variable that is malformed or missing. */
  readonly read: (env: Environment, secretOf: SecretOf) => unknown;
}

/** One of the system's secrets, by the name of its variable: as it is now, whenever a call needs it. */
export type SecretOf = (name: string) => Secret;

/** Where the stand-ins of all systems are, and what they accept. */
export interface StandInAddress {
  readonly url: string;
  readonly smtpUrl: string;
  readonly archiveDir: string;
  readonly clientId: string;
  readonly token: string;
}

type Complete<V, N extends keyof V> = { readonly [K in N]-?: NonNullable<V[K]> };

/** All of them, or undefined when there is none. @throws SettingsError for each that is missing beside another. */
export function complete<V extends object, N extends keyof V & string>(
  read: V,
  names: readonly N[],
): Complete<V, N> | undefined {
  const missing = names.filter((name) => read[name] === undefined);
  if (missing.length === names.length) return undefined;
  const present = names.find((name) => read[name] !== undefined);
  if (missing.length > 0) throw new SettingsError(missing.map((name) => `${name}: missing, while ${present} is set`));
  return read as unknown as Complete<V, N>;
}
