import { SYSTEMS, type Mode, type Modes, type System } from '../../domain';
import { SettingsError } from '../error';
import { watchVariable } from '../reload';
import { parseShape, type Environment, type Written } from '../variables';
import { archive } from './archive';
import type { SecretOf, SystemDescriptor } from './descriptor';
import { identity } from './identity';
import { mail } from './mail';
import { salesforce } from './salesforce';
import { slack } from './slack';
import { xapi } from './xapi';

/** How each system is set. A new system is a line here; the compiler asks for it. */
const systems = { identity, mail, archive, salesforce, slack, xapi } satisfies Record<System, SystemDescriptor>;

export const systemDescriptors: Readonly<Record<System, SystemDescriptor>> = systems;

/** What each connector is reached by. */
export type SystemSettings = { readonly [S in System]: NonNullable<ReturnType<(typeof systems)[S]['read']>> };

/**
 * Each as its settings are now: another object when a file of theirs that holds no secret has changed. Undefined: the
 * system has no settings, and is `off`.
 */
export type Connectors = { readonly [S in System]?: (() => SystemSettings[S]) | undefined };

/** @throws SettingsError naming each variable that is malformed, or that is missing while the rest of its connector is set. */
export function readConnectors(env: Environment): Connectors {
  const faults: string[] = [];
  const readOne = (system: System): unknown => {
    try {
      return watchSystem(systems[system], env);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const connectors = Object.fromEntries(SYSTEMS.map((system) => [system, readOne(system)]));
  if (faults.length > 0) throw new SettingsError(faults);
  return connectors;
}

/** Connectors with settings and no mode named get `whenNotNamed`. @throws SettingsError for a mode without settings. */
export function connectorModes(
  connectors: Connectors,
  named: Readonly<Partial<Record<System, Mode | undefined>>>,
  whenNotNamed: Mode,
): Modes {
  const modeOf = (system: System): Mode => {
    if (connectors[system] !== undefined) return named[system] ?? whenNotNamed;
    if (named[system] === undefined || named[system] === 'off') return 'off';
    throw new SettingsError([
      `connectors.${system}: is \`${named[system]}\`, but the system has no settings in the environment`,
    ]);
  };
  return Object.fromEntries(SYSTEMS.map((system) => [system, modeOf(system)]));
}

/**
 * The settings of one system. A new secret in its file is what the secret's function answers from then on; when the file of
 * another setting changes, all of them are taken again, as a whole.
 * @throws SettingsError naming each variable that is malformed or missing.
 */
function watchSystem({ variables, read }: SystemDescriptor, env: Environment): (() => unknown) | undefined {
  // First as a whole: it names every fault at once.
  if (read(env, (name) => () => name) === undefined) return undefined;
  const watched = new Map(
    Object.entries(variables).map(([name, type]) => {
      const parse = (written: Written): string | undefined =>
        parseShape({ [name]: written }, { [name]: type })[name] as string | undefined;
      return [name, watchVariable(name, parse, { env, onChange: () => takeAgain(name) })];
    }),
  );
  const secrets = new Set<string>();
  const secretOf: SecretOf = (name) => {
    secrets.add(name);
    return () => watched.get(name)?.current() ?? '';
  };
  const readNow = (): unknown => read(environmentOf(watched), secretOf);
  let current = readNow();
  // What is set stays set, since a file that is gone or empty changes nothing: so they still fit together.
  const takeAgain = (name: string): void => {
    if (!secrets.has(name)) current = readNow();
  };
  return () => current;

  function environmentOf(all: typeof watched): Environment {
    const texts = [...all].map(([name, { current: value }]) => [name, value()]);
    const noFiles = [...all.keys()].map((name) => [`${name}_FILE`, undefined]);
    return { ...env, ...(Object.fromEntries([...texts, ...noFiles]) as Environment) };
  }
}
