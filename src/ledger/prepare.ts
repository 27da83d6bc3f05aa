import type { Pool, PoolClient } from 'pg';
import { migrate } from './migrations';

/**
 * Bring the tables up to date, and check that the role of `pool` may use them: a worker's may have rights to rows alone.
 * @returns the names of the migrations that were missing.
 * @throws Error that says what is wrong and what to do, without a value of any row.
 */
export async function prepareLedger(pool: Pool): Promise<readonly string[]> {
  try {
    const applied = await migrate(pool);
    const missing = await missingRights(pool);
    if (missing.length > 0) throw new Error(`the role lacks rights to rows: ${missing.join('; ')}. ${GRANT}`);
    return applied;
  } catch (error) {
    throw new Error(`the ledger (DATABASE_URL): ${explainLedger(error)}`, { cause: error });
  }
}

/** Every privilege on rows of every table that the role has not. */
export async function missingRights(pool: Pick<Pool, 'query'> | PoolClient): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string; missing: string }>(
    `select c.relname as name, string_agg(privilege, ', ' order by privilege) as missing
     from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) as privilege
     where c.relkind = 'r' and c.relnamespace = (select relnamespace from pg_class where oid = to_regclass('receipts'))
       and c.relname <> 'migrations' and not has_table_privilege(c.oid, privilege)
     group by c.relname order by c.relname`,
  );
  return rows.map(({ name, missing }) => `${missing} on ${name}`);
}

const GRANT =
  'As the role of `mt setup`: grant usage on schema <schema>, and select, insert, update, delete on all tables in it, to the role';

/** What to do about a refusal, by its SQLSTATE or its code in Node.js. */
const FIXES: Readonly<Record<string, string>> = {
  '08P01': 'PgBouncer says so: see its log, and docs/operating.md for what it has to allow',
  '28P01': 'check the user and the password',
  '28000': 'check the user, and whether the server wants TLS (sslmode)',
  '3D000': 'create the database',
  '3F000': 'the search_path of the role names no schema that exists: alter role … set search_path = …',
  '42501': 'run `mt setup` as a role that may create tables; the other roles need rights to rows alone',
  '42P01': 'it has no tables yet, or its search_path names another schema: run `mt setup`',
  SELF_SIGNED_CERT_IN_CHAIN: 'name the CA in NODE_EXTRA_CA_CERTS, or by sslrootcert in DATABASE_URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'name the certificate in NODE_EXTRA_CA_CERTS, or by sslrootcert in DATABASE_URL',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'name the CA in NODE_EXTRA_CA_CERTS, or by sslrootcert in DATABASE_URL',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'name the CA in NODE_EXTRA_CA_CERTS, or by sslrootcert in DATABASE_URL',
};

/** The server's own sentence, and what to do. Never its details, which quote rows. */
export function explainLedger(error: unknown): string {
  const { message, code = '' } = error as NodeJS.ErrnoException;
  const said = message === '' ? code : message;
  const fix = FIXES[code];
  return fix === undefined ? said : `${said}: ${fix}`;
}
