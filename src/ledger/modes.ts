import type { Pool } from 'pg';
import { SYSTEMS, type Mode, type Modes } from '../domain';

/** Note how the worker that starts is set; `off` where it has no settings. Other processes have no settings of connectors. */
export async function noteModes(pool: Pick<Pool, 'query'>, modes: Modes): Promise<void> {
  await pool.query(
    `insert into connectors (system, mode) select * from unnest($1::text[], $2::text[])
     on conflict (system) do update set mode = excluded.mode, noted_at = now()`,
    [SYSTEMS, SYSTEMS.map((system) => modes[system] ?? 'off')],
  );
}

/** As the worker that started last noted them; empty: none has. */
export async function readModes(pool: Pick<Pool, 'query'>): Promise<Modes> {
  const { rows } = await pool.query<{ system: string; mode: Mode }>('select system, mode from connectors');
  return Object.fromEntries(rows.map(({ system, mode }) => [system, mode]));
}
