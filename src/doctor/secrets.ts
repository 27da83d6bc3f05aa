/** What a secret looks like when something went wrong on its way into the setting. No value is ever in a finding. */
import { fail, ok, warn, type Finding } from './check';

export interface SecretSetting {
  readonly name: string;
  /** Each value of it, as the process uses it. */
  readonly values: readonly string[];
}

/** What MindTickle makes is longer; so is anything that cannot be guessed. */
const MIN_LENGTH = 24;

interface Rule {
  readonly is: (value: string, name: string) => boolean;
  readonly what: string;
  readonly fix: string;
  readonly status: 'warn' | 'fail';
}

const PLACEHOLDER =
  /^(<.*>|\$\{?\w+\}?|(your|my)[-_ ].*|change[-_ ]?me.*|x{3,}|todo|secret|password|token|placeholder)$/i;

const RULES: readonly Rule[] = [
  {
    is: (value) => /^(#|\/\/)/.test(value),
    what: 'it is a comment that was taken for the value',
    fix: 'Write the value alone.',
    status: 'fail',
  },
  {
    is: (value) => /\s#/.test(value),
    what: 'a comment behind the value is taken for a part of it',
    fix: 'Remove the comment: outside of `.env` a `#` begins none.',
    status: 'fail',
  },
  {
    is: (value) => /^(export\s+)?[A-Z][A-Z0-9_]*\s*=./.test(value),
    what: 'it is NAME=value, and the name is taken for a part of it',
    fix: 'Write the value alone.',
    status: 'fail',
  },
  {
    is: (value) => /^(["'`]).*\1$/s.test(value),
    what: 'it is in quotes, which are taken for a part of it',
    fix: 'Remove the quotes: `docker --env-file` and Kubernetes keep them.',
    status: 'fail',
  },
  {
    is: (value) => PLACEHOLDER.test(value),
    what: 'it is a placeholder, not a secret',
    fix: 'Set the real value.',
    status: 'fail',
  },
  {
    is: (value) => /\s/.test(value),
    what: 'it has white space within',
    fix: 'Copy it again, in one piece.',
    status: 'fail',
  },
  {
    is: (value) => /[^\x20-\x7e]/.test(value),
    what: 'it has a character that is not ASCII, perhaps one that cannot be seen',
    fix: 'Copy it again as plain text.',
    status: 'fail',
  },
  {
    is: (value, name) => name === 'MINDTICKLE_WEBHOOK_SECRET' && value.length < MIN_LENGTH,
    what: `it has fewer than ${MIN_LENGTH} characters and could be guessed`,
    fix: 'Have MindTickle make a longer one, and accept both while it changes over: the new one first.',
    status: 'warn',
  },
];

/** Several lines, as they have to be. */
const PEM = /^-----BEGIN [A-Z ]+-----/;

/** `mayShare`: the stand-ins of a development stack have one token. */
export function examineSecrets(
  secrets: readonly SecretSetting[],
  { mayShare = false }: { readonly mayShare?: boolean } = {},
): readonly Finding[] {
  const set = secrets.filter(({ values }) => values.length > 0);
  const faults = set.flatMap((secret) => [...faultsOf(secret), ...(mayShare ? [] : sharedBy(secret, set))]);
  if (faults.length > 0) return faults;
  return set.length === 0 ? [] : [ok('Secrets', `${set.length} set: their lengths and characters are plausible.`)];
}

function faultsOf({ name, values }: SecretSetting): readonly Finding[] {
  return values.flatMap((value, index) => {
    const rule = PEM.test(value) ? undefined : RULES.find(({ is }) => is(value, name));
    if (rule === undefined) return [];
    const which = values.length === 1 ? '' : ` (the ${index + 1}. of ${values.length})`;
    const detail = `${rule.what.charAt(0).toUpperCase()}${rule.what.slice(1)}${which}.`;
    return [(rule.status === 'fail' ? fail : warn)(`Setting ${name}`, detail, rule.fix)];
  });
}

/** Whoever has one has the other, too. Named at the second one. */
function sharedBy({ name, values }: SecretSetting, all: readonly SecretSetting[]): readonly Finding[] {
  const before = all.slice(
    0,
    all.findIndex((other) => other.name === name),
  );
  const same = before.find((other) => other.values.some((value) => values.includes(value)));
  if (same === undefined) return [];
  return [warn(`Setting ${name}`, `It is the same as ${same.name}.`, 'Give each a secret of its own.')];
}
