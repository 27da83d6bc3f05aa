import type { z } from 'zod';
import { SettingsError } from '../error';
import { watchVariable, type Secret } from '../reload';
import { parseShape, secret, type Environment, type Written } from '../variables';

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
  readonly read: (env: Environment) => unknown;
}

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

/**
 * The secret `name`, one of `variables`. Where a file holds it, it is read again when that changes, for as long as this
 * process runs. @throws SettingsError when it is malformed.
 */
export function secretOf<V extends Readonly<Record<string, z.ZodType>>>(
  env: Environment,
  variables: V,
  name: keyof V & string,
): Secret {
  const read = (written: Written): string =>
    String(parseShape({ [name]: written }, { [name]: variables[name] ?? secret })[name] ?? '');
  return watchVariable(name, read, { env }).current;
}
