import type { Pool, PoolClient } from 'pg';
import { inTransaction } from './pool';
import { MIGRATIONS } from './tables';

/** A migration may take longer than a step of the ledger. */
const TIMEOUT_MS = 60_000;

/**
 * Bring the ledger's tables up to this version, all or nothing; they are made in the first schema of the role's
 * `search_path`. May run in any number of starting processes at once: one works, the others wait for it. A role that has
 * rights to rows alone can call it when nothing is missing.
 * @returns the names of what was missing; none when it was up to date.
 */
export async function migrate(pool: Pool): Promise<readonly string[]> {
  return inTransaction(pool, async (client) => {
    await runSlowly(client, `set local statement_timeout = ${TIMEOUT_MS}`);
    if ((await appliedVersion(client)) >= MIGRATIONS.length) return [];
    await runSlowly(
      client,
      `select pg_advisory_xact_lock(hashtextextended('ledger migrations ' || coalesce(current_schema(), ''), 0))`,
    );
    await runSlowly(
      client,
      `create table if not exists migrations
        (version integer primary key, name text not null, applied_at timestamptz not null default now())`,
    );
    const applied = await appliedVersion(client);
    const missing = MIGRATIONS.slice(applied);
    for (const [index, migration] of missing.entries()) {
      await runSlowly(client, migration.sql);
      await client.query('insert into migrations (version, name) values ($1, $2)', [
        applied + index + 1,
        migration.name,
      ]);
    }
    return missing.map((migration) => migration.name);
  });
}

async function appliedVersion(client: PoolClient): Promise<number> {
  const { rows: tables } = await client.query<{ name: string | null }>(`select to_regclass('migrations') as name`);
  if (tables[0]?.name == null) return 0;
  const { rows } = await client.query<{ version: number }>(
    'select coalesce(max(version), 0) as version from migrations',
  );
  return rows[0]?.version ?? 0;
}

async function runSlowly(client: PoolClient, text: string): Promise<void> {
  // `query_timeout` of one statement: `pg` reads it, its types do not know it.
  const statement: { text: string; query_timeout: number } = { text, query_timeout: TIMEOUT_MS };
  await client.query(statement);
}
