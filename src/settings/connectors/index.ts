import { SYSTEMS, type Mode, type Modes, type System } from '../../domain';
import { SettingsError } from '../error';
import type { Environment } from '../variables';
import { archive } from './archive';
import type { SystemDescriptor } from './descriptor';
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

/** Undefined: the system has no settings, and is `off`. */
export type Connectors = { readonly [S in System]?: SystemSettings[S] | undefined };

/** @throws SettingsError naming each variable that is malformed, or that is missing while the rest of its connector is set. */
export function readConnectors(env: Environment): Connectors {
  const faults: string[] = [];
  const readOne = (system: System): unknown => {
    try {
      return systems[system].read(env);
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
