import type { Pool, PoolClient } from 'pg';
import { inTransactionOf } from './pool';

/** What a list of people says of one. Null: nothing. */
export interface Person {
  readonly userId: string;
  readonly email: string | null;
  readonly role: string | null;
  readonly teamId: string | null;
  readonly managerEmail: string | null;
}

export interface ImportRules {
  /** The list wins also where an event, or a person, has said otherwise since. */
  readonly overwrite: boolean;
  /** Look only. */
  readonly dryRun: boolean;
}

export interface Imported {
  readonly effect: 'added' | 'changed' | 'unchanged';
  /** The list says something else than what is known, and what is known stayed. */
  readonly kept: boolean;
}

/** Transactions side by side: their commits then share the disk's flushes. */
const LANES = 4;

/**
 * Store the people of a list; nobody twice in `people`. Only those of whom it says something new are written, each in a
 * transaction of their own under their one lock, so that a call that fails in the middle is simply repeated.
 * A list has no time, so what came with one stays: see `merge`. Who has left stays left.
 * @returns what became of each, in their order.
 */
export async function importPeople(
  pool: Pool,
  people: readonly Person[],
  rules: ImportRules,
): Promise<readonly Imported[]> {
  const known = await readKnown(pool, people);
  const outcomes = people.map((person) => merge(known.get(person.userId), person, rules));
  if (rules.dryRun) return outcomes;
  const toWrite = [...people.entries()].filter(([index]) => outcomes[index]?.effect !== 'unchanged').values();
  let isFailing = false;
  const lane = async (): Promise<void> => {
    for (const [index, person] of toWrite) {
      if (isFailing) return;
      outcomes[index] = await write(pool, person, rules).catch((error: unknown) => {
        isFailing = true;
        throw error;
      });
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  const failed = lanes.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return outcomes;
}

async function write(pool: Pool, person: Person, rules: ImportRules): Promise<Merged> {
  return inTransactionOf(pool, person.userId, async (client) => {
    // Decided again: what was read before the lock may have changed since.
    const merged = merge((await readKnown(client, [person])).get(person.userId), person, rules);
    const { userId, email, role, teamId, managerEmail } = merged.next;
    if (merged.effect !== 'unchanged')
      await client.query(
        `insert into learners (user_id, email, role, team_id, manager_email) values ($1, $2, $3, $4, $5)
         on conflict (user_id) do update set email = excluded.email, role = excluded.role, team_id = excluded.team_id,
           manager_email = excluded.manager_email`,
        [userId, email, role, teamId, managerEmail],
      );
    return merged;
  });
}

interface Known extends Person {
  /** A `user.provisioned` has set role and team. */
  readonly isProvisioned: boolean;
}

interface Merged extends Imported {
  readonly next: Person;
}

/**
 * An empty field changes nothing. The manager comes from the list alone: no event has one. Role and team do until a
 * `user.provisioned` has set them. A known address stays: an event or a person may have changed it since.
 */
function merge(known: Known | undefined, person: Person, { overwrite }: ImportRules): Merged {
  if (known === undefined) return { effect: 'added', kept: false, next: person };
  const wins = { email: false, role: !known.isProvisioned, teamId: !known.isProvisioned, managerEmail: true };
  const pick = (field: keyof typeof wins): string | null => {
    const [old, said] = [known[field], person[field]];
    return said !== null && (overwrite || wins[field] || old === null || old === '') ? said : old;
  };
  const { userId } = known;
  const next = {
    userId,
    email: pick('email'),
    role: pick('role'),
    teamId: pick('teamId'),
    managerEmail: pick('managerEmail'),
  };
  const fields = ['email', 'role', 'teamId', 'managerEmail'] as const;
  return {
    effect: fields.some((field) => next[field] !== known[field]) ? 'changed' : 'unchanged',
    kept: fields.some((field) => person[field] !== null && next[field] !== person[field]),
    next,
  };
}

async function readKnown(at: Pool | PoolClient, people: readonly Person[]): Promise<ReadonlyMap<string, Known>> {
  const { rows } = await at.query<Known>(
    `select user_id as "userId", email, role, team_id as "teamId", manager_email as "managerEmail",
       provisioned_at is not null as "isProvisioned"
     from learners where user_id = any($1)`,
    [people.map(({ userId }) => userId)],
  );
  return new Map(rows.map((row) => [row.userId, row]));
}
