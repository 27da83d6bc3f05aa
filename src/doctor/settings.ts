/** Whether the processes would start with these settings, and whether a name of one is misspelt. */
import { nearest } from '../nearest';
import { settingVariables, SettingsError, type Environment } from '../settings';
import { fail, ok, sentence, warn, type Finding } from './check';

/** The settings of one process, as it reads them at its start. */
export interface ReadSettings {
  readonly process: string;
  /** @throws SettingsError */
  readonly read: () => unknown;
}

const CORRECT = 'Correct it where the process gets its environment; docs/configuration.md says what it may be.';
const CORRECT_POLICY =
  'Correct it in the file that MINDTICKLE_CONFIG names; docs/policy.example.yaml has every key with its default.';

/** How to get a value for a setting that is missing or malformed. */
const FIXES: Readonly<Record<string, string>> = {
  MINDTICKLE_WEBHOOK_SECRET:
    'Copy the signing secret from MindTickle (Admin > Integrations) into it, or into the file that MINDTICKLE_WEBHOOK_SECRET_FILE names.',
  MINDTICKLE_COMPANY_ID: 'Set it to the `companyId` of your deliveries, exactly as MindTickle writes it.',
  DATABASE_URL: 'Set it to postgres://<user>:<password>@<host>/<database>, or set PGHOST, PGUSER and PGPASSWORD.',
  OPS_TOKENS: 'Set it to <name>:operator:<token>; `openssl rand -hex 32` makes a token.',
  ENCRYPTION_KEYS: 'Set it to <id>:<key>; `openssl rand -base64 32` makes a key.',
  MINDTICKLE_CONFIG: 'Name a file that this process can read, or unset it to use the defaults.',
};

/** Each fault once, whichever processes it stops. */
export function examineSettings(read: readonly ReadSettings[]): readonly Finding[] {
  const faults = new Set(read.flatMap(faultsOf));
  if (faults.size > 0) return [...faults].map(explainFault);
  return [ok('Settings', `Complete for ${read.map(({ process }) => process).join(', ')}.`)];
}

function faultsOf({ read }: ReadSettings): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

/** `NAME: what is wrong` is about a variable; everything else is about the YAML file. */
function explainFault(fault: string): Finding {
  const [, setting, what = ''] = /^([A-Z][A-Z0-9_]*)(?:\.\d+)?:? (.*)$/s.exec(fault) ?? [];
  if (setting === undefined) return fail('Config file', sentence(fault), CORRECT_POLICY);
  return fail(`Setting ${setting}`, sentence(what), FIXES[setting] ?? fixOfFile(setting) ?? CORRECT);
}

function fixOfFile(setting: string): string | undefined {
  return setting.endsWith('_FILE')
    ? 'Let the user of this process read the file, and have it hold the value alone.'
    : undefined;
}

/** Ours begin so; another program may have a variable with a name like one of ours, too. */
const OURS =
  /^(MINDTICKLE|OPS|SPOOL|START|REPLAY|RECEIPT|AUDIT|ENCRYPTION|RECEIVER|OKTA|SCIM|SALESFORCE|SLACK|SMTP|MAIL|XAPI|ARCHIVE|DATABASE)_/;
/** Kubernetes sets these for a service: `SLACK_SERVICE_HOST`, `OPS_PORT_3001_TCP`. */
const OF_KUBERNETES = /_(SERVICE_(HOST|PORT)\w*|PORT(_\d+_(TCP|UDP)\w*)?)$/;

/** Variables that look like settings of ours and are none, and those that are set twice. */
export function examineNames(env: Environment): readonly Finding[] {
  const known = settingVariables();
  const all = new Set([...known, ...known.map((name) => `${name}_FILE`)]);
  const set = Object.keys(env).filter((name) => (env[name] ?? '') !== '');
  const strangers = set.filter((name) => !all.has(name) && OURS.test(name) && !OF_KUBERNETES.test(name));
  const misspelt = strangers.flatMap((name) => {
    const meant = nearest(name, [...all]);
    return meant === undefined
      ? []
      : [warn(`Setting ${name}`, 'There is no setting of this name.', `Did you mean ${meant}?`)];
  });
  const twice = known.filter((name) => set.includes(name) && set.includes(`${name}_FILE`));
  return [
    ...misspelt,
    ...twice.map((name) => warn(`Setting ${name}`, `${name}_FILE is set too, and wins.`, 'Unset one of them.')),
  ];
}
