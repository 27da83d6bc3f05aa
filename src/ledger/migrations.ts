import type { Pool, PoolClient } from 'pg';
import { inTransaction, requireIdentifier } from './pool';
import { MIGRATIONS } from './tables';

/** A migration may take longer than a step of the ledger. */
const TIMEOUT_MS = 60_000;

/**
 * Bring the ledger's tables (in `schema`, made when missing) up to this version, all or nothing. May run in any number
 * of starting processes at once: one works, the others wait for it. `schema` is the one that `pool` was opened with.
 * @returns the names of what was missing; none when it was up to date.
 */
export async function migrate(pool: Pool, schema?: string): Promise<readonly string[]> {
  const name = schema === undefined ? undefined : requireIdentifier(schema);
  return inTransaction(pool, async (client) => {
    await runSlowly(client, `set local statement_timeout = ${TIMEOUT_MS}`);
    await runSlowly(client, `select pg_advisory_xact_lock(hashtextextended('ledger migrations ${name ?? ''}', 0))`);
    if (name !== undefined) await runSlowly(client, `create schema if not exists ${name}`);
    await runSlowly(
      client,
      `create table if not exists migrations
        (version integer primary key, name text not null, applied_at timestamptz not null default now())`,
    );
    const { rows } = await client.query<{ version: number }>(
      'select coalesce(max(version), 0) as version from migrations',
    );
    const applied = rows[0]?.version ?? 0;
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

async function runSlowly(client: PoolClient, text: string): Promise<void> {
  // `query_timeout` of one statement: `pg` reads it, its types do not know it.
  const statement: { text: string; query_timeout: number } = { text, query_timeout: TIMEOUT_MS };
  await client.query(statement);
}
