import type { Pool } from 'pg';
import { storable } from '../pool';

/**
 * Ids of learners whose id, address, or last word of it before the `@`, begins with the text, whatever its case; the id
 * itself first. Beginnings alone: those an index finds in any Postgres, without an extension.
 */
export async function findMatching(pool: Pool, text: string, limit: number): Promise<readonly string[]> {
  const begins = `${storable(text).replace(/[\\%_]/g, '\\$&')}%`;
  const { rows } = await pool.query<{ user_id: string }>(
    `select user_id from (
       (select user_id, 0 as rank from learners where user_id = $1)
       union all (${BEGINNING('user_id', '$2')})
       union all (${BEGINNING('lower(email)', 'lower($2)')})
       union all (${BEGINNING(LAST_WORD, 'lower($2)')})
     ) as found group by user_id order by min(rank), user_id collate "C" limit $3`,
    [storable(text), begins, limit],
  );
  return rows.map(({ user_id: userId }) => userId);
}

/** As its index has it. */
const LAST_WORD = `substring(lower(email) from '([^._+-]*)@')`;

const BEGINNING = (what: string, pattern: string): string =>
  `select user_id, 1 as rank from learners where ${what} collate "C" like ${pattern} order by ${what} collate "C" limit $3`;

/** Ids of all learners in their order, after the one that ended the page before. */
export async function listLearnerIds(pool: Pool, limit: number, after?: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ user_id: string }>(
    `select user_id from learners where $1::text is null or user_id collate "C" > $1 order by user_id collate "C" limit $2`,
    [after ?? null, limit],
  );
  return rows.map(({ user_id: userId }) => userId);
}
