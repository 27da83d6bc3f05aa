import { systemDescriptors } from './connectors';
import { SettingsError } from './error';
import { readVariables, settingNames, valueOf, type Environment } from './variables';

/** The names of all variables, the connectors' too. */
export function settingVariables(): readonly string[] {
  return [...settingNames, ...Object.values(systemDescriptors).flatMap(({ variables }) => Object.keys(variables))];
}

const SECRET_NAME = /_(SECRET|TOKEN|PRIVATE_KEY)$|^PGPASSWORD$/;

/** Each secret that is set, as the processes use it; one that cannot be read is none here: their own reading names it. */
export function readSecretSettings(env: Environment): readonly { name: string; values: readonly string[] }[] {
  const readOne = (name: string): readonly string[] => {
    if (name === 'MINDTICKLE_WEBHOOK_SECRET') return readVariables(env, [name])[name];
    const value = valueOf(env, name);
    return value === undefined ? [] : [value];
  };
  const tokens = (): readonly string[] =>
    (readVariables(env, ['OPS_TOKENS']).OPS_TOKENS ?? []).map(({ token }) => token);
  const secrets = settingVariables().filter((name) => SECRET_NAME.test(name));
  return [
    ...secrets.map((name) => ({ name, values: readable(() => readOne(name)) })),
    { name: 'OPS_TOKENS', values: readable(tokens) },
  ].filter(({ values }) => values.length > 0);
}

function readable(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof SettingsError) return [];
    throw error;
  }
}
