/** The ledger: reached, with this version's tables, and writable. */
import { explainLedger, type LedgerState } from '../ledger';
import { fail, ok, sentence, warn, type Check, type Finding } from './check';

/** Asked once for all that need it. @throws Error as the server or the network refuses. */
export type InspectLedger = () => Promise<LedgerState>;

const NAME = 'Ledger';
const REACH = 'Start Postgres, or correct DATABASE_URL (or PGHOST and the other PG… settings).';
const SET_UP = 'Run `mt setup`.';
/** A step of a workflow gives the ledger two seconds. */
const SLOW_MS = 500;

export function ledgerCheck(inspect: InspectLedger): Check {
  const run = async (): Promise<readonly Finding[]> => {
    try {
      return examineLedger(await inspect());
    } catch (error) {
      return [fail(NAME, sentence(explainLedger(error)), REACH)];
    }
  };
  return { name: NAME, whenLate: REACH, run };
}

export function examineLedger(state: LedgerState): readonly Finding[] {
  return [reachable(state), ...tables(state), ...writable(state), ...pooler(state)];
}

function reachable({ roundTripMs }: LedgerState): Finding {
  const answers = `It answers in ${roundTripMs} ms`;
  return roundTripMs < SLOW_MS
    ? ok(NAME, `${answers}.`)
    : warn(NAME, `${answers}, which is slow.`, 'Move Postgres closer, or see what keeps it busy.');
}

function tables({ applied, known }: LedgerState): readonly Finding[] {
  const name = 'Ledger tables';
  if (applied === 0) return [fail(name, 'It has no tables yet, or its search_path names another schema.', SET_UP)];
  if (applied < known) return [fail(name, `${known - applied} of ${known} migrations are missing.`, SET_UP)];
  if (applied > known)
    return [warn(name, 'They are of a newer version than this program.', 'Upgrade this program to that version.')];
  return [ok(name, `All ${known} migrations are applied.`)];
}

function writable({ applied, isReadOnly, missingRights, refusal }: LedgerState): readonly Finding[] {
  const name = 'Ledger rights';
  if (isReadOnly)
    return [
      fail(name, 'It can only be read: a standby, or a role that is read-only.', 'Name the primary in DATABASE_URL.'),
    ];
  if (missingRights.length > 0)
    return [
      fail(
        name,
        `The role lacks ${missingRights.join('; ')}.`,
        'As the role of `mt setup`: grant select, insert, update, delete on all tables in schema <schema> to <role>.',
      ),
    ];
  if (refusal !== undefined)
    return [fail(name, `A row cannot be written (${refusal.code}).`, "See the server's log; 53100 is a full disk.")];
  return applied === 0 ? [] : [ok(name, 'The role can read and write.')];
}

function pooler({ isPooled }: LedgerState): readonly Finding[] {
  if (!isPooled) return [];
  return [
    ok(
      'Ledger pooler',
      'Connections go through a pooler; its transaction mode and its session mode work, its statement mode does not.',
    ),
  ];
}
