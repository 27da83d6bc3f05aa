import { createHmac, randomBytes } from 'node:crypto';
import type { Logger } from '../telemetry';
import { watchSetting, type ReloadOptions, type ReloadCounts } from './reload';

export interface WatchedSecrets {
  /** Newest first. Asked once a delivery, which keeps what it began with. */
  readonly current: () => readonly string[];
  /** Accepted before by this process, and no longer: a delivery signed with one is not a forged one. */
  readonly retired: () => readonly string[];
  /** Of each of them, in their order. */
  readonly fingerprints: () => readonly string[];
  readonly warnings: () => readonly string[];
  readonly reloads: () => ReloadCounts;
  readonly close: () => void;
}

type Name = 'MINDTICKLE_WEBHOOK_SECRET';

/** A public constant: equal secrets have equal fingerprints everywhere, so that replicas and restarts can be compared. */
const CONTEXT = 'mindtickle-temporal: fingerprint of a signing secret';
/** What MindTickle makes is longer; so is anything that cannot be guessed. */
const MIN_SECRET_LENGTH = 24;
/** The last ones: each costs a refused delivery's diagnosis some HMACs. */
const MAX_RETIRED = 4;

/**
 * The company's signing secrets, read again when the file of `MINDTICKLE_WEBHOOK_SECRET_FILE` changes. A bad file keeps
 * the old ones.
 * @throws SettingsError when there are none to begin with.
 */
export function watchSecrets(
  options: Omit<ReloadOptions<Name>, 'name' | 'onChange' | 'log'> & { readonly log: Logger },
): WatchedSecrets {
  const { env, log } = options;
  const fingerprint = createFingerprint();
  let known: { readonly of: readonly string[]; readonly fingerprints: readonly string[] } | undefined;

  const fingerprints = (): readonly string[] => {
    const secrets = setting.current();
    if (known?.of !== secrets) known = { of: secrets, fingerprints: secrets.map(fingerprint) };
    return known.fingerprints;
  };
  const describe = (): void => {
    const weak = setting.current().flatMap((secret, position) => (isWeak(secret) ? [position] : []));
    log.info({ fingerprints: fingerprints() }, 'signing secrets in use, newest first');
    if (weak.length > 0 && env['MT_STACK'] !== 'dev')
      log.warn(
        { positions: weak },
        'a signing secret is short enough to be guessed: have MindTickle make a longer one',
      );
  };
  const seen = new Set<string>();
  const remember = (): void => {
    for (const secret of setting.current()) seen.add(secret);
    describe();
  };
  const setting = watchSetting({ ...options, name: 'MINDTICKLE_WEBHOOK_SECRET', onChange: remember });
  remember();
  const retired = (): readonly string[] => {
    const accepted = new Set(setting.current());
    return [...seen].filter((secret) => !accepted.has(secret)).slice(-MAX_RETIRED);
  };
  return { ...setting, fingerprints, retired };
}

/**
 * What names a secret in metrics and logs when positions shift, without revealing it: 32 bits of a one-way function. A
 * secret of 24 random bytes cannot be found by trying, with or without them. One that is short enough to be guessed gets
 * a fingerprint of this process alone: with a constant key anyone who reads it could try guesses offline.
 */
function createFingerprint(): (secret: string) => string {
  const ofThisProcess = randomBytes(32);
  return (secret) =>
    createHmac('sha256', isWeak(secret) ? ofThisProcess : CONTEXT)
      .update(secret)
      .digest('hex')
      .slice(0, 8);
}

function isWeak(secret: string): boolean {
  return secret.length < MIN_SECRET_LENGTH;
}
