import type { Pool } from 'pg';

/** How many rows of each table; about `scale` in all, spread over three years up to now, as a company of learners makes them. */
export async function seedLedger(pool: Pool, scale: number): Promise<Readonly<Record<string, number>>> {
  const learners = Math.ceil(scale / 20);
  const counts: Record<string, number> = {};
  for (const [table, share, sql] of TABLES) {
    counts[table] = Math.ceil(share * scale);
    await pool.query(sql, [counts[table], learners]);
  }
  for (const [table] of TABLES) await pool.query(`analyze ${table}`);
  return counts;
}

/** Spread over the learners and over time without a pattern that both share. */
const USER = `'user-' || (n::bigint * 7919 % $2)`;
const AT = `now() - (n::bigint * 104729 % 94608000) * interval '1 second'`;

const TABLES: readonly (readonly [table: string, share: number, sql: string])[] = [
  [
    'learners',
    0.05,
    `insert into learners (user_id, email, role, team_id, provisioned_at)
     select 'user-' || n, 'first' || n % 977 || '.last' || n || '@example.com', 'rep', 'team-' || n % 40, now() - interval '4 years'
     from generate_series(0, $1::int - 1) n where $2::int > 0`,
  ],
  [
    'completions',
    0.25,
    `insert into completions (event_id, user_id, course_id, course_name, score, at, settled)
     select 'c' || n, ${USER}, 'course-' || n % 60, 'Course ' || n % 60, n % 101, ${AT}, '{}' from generate_series(1, $1) n`,
  ],
  [
    'quiz_results',
    0.15,
    `insert into quiz_results (event_id, user_id, quiz_id, quiz_name, result, percent, at)
     select 'q' || n, ${USER}, 'quiz-' || n % 50, 'Quiz', case n % 3 when 0 then 'failed' else 'passed' end, n % 101, ${AT}
     from generate_series(1, $1) n`,
  ],
  [
    'progress',
    0.2,
    `insert into progress (user_id, module_id, module_name, percent, seconds, at, event_id)
     select ${USER}, 'module-' || n / $2, 'Module', n % 101, n % 9999, ${AT}, 'p' || n from generate_series(1, $1) n`,
  ],
  [
    'expiries',
    0.02,
    `insert into expiries (event_id, user_id, cert_key, cert_name, at, deadline)
     select 'x' || n, ${USER}, 'cert-' || n % 9, 'Cert', ${AT}, ${AT} + interval '30 days' from generate_series(1, $1) n`,
  ],
  [
    'departures',
    0.01,
    `insert into departures (event_id, user_id, reason, at) select 'd' || n, ${USER}, 'resigned', ${AT} from generate_series(1, $1) n`,
  ],
  [
    'receipts',
    0.17,
    `insert into receipts (event_id, signature_digest, body_digest, event, workflow_id, first_run_id, user_id, signed_at, received_at,
       recorded_at, applied_at, closed_at, outcome)
     select e, 's' || n, 'b' || n, case when n % 20 = 0 then 'user.deprovisioned' else 'course.completed' end, e, 'r' || n, ${USER},
       ${AT}, ${AT}, ${AT}, ${AT}, case when n % 50 = 0 then null else ${AT} end, case when n % 50 = 0 then null else 'done' end
     from (select n, case when n % 20 = 0 then 'd' || n / 20 else 'c' || n end as e from generate_series(1, $1) n) as events`,
  ],
  [
    'open_workflows',
    0.02,
    `insert into open_workflows (workflow_id, user_id, kind, key, opened_by, opened_at, closed_at)
     select case when n % 4 = 0 then 'd' || n / 4 else 'x' || n end, ${USER}, case when n % 4 = 0 then 'offboarding' else 'recertification' end,
       '', ${AT}, ${AT}, case when n % 20 = 0 then null else ${AT} end
     from generate_series(1, $1) n`,
  ],
  [
    'effects',
    0.13,
    `insert into effects (workflow_id, step, system, natural_key, event_id, user_id, mode, status, would, begun_at, finished_at)
     select 'd' || n / 8, 'step' || n % 8, (array['identity', 'mail', 'archive', 'salesforce', 'slack', 'xapi'])[n % 6 + 1], 'k' || n,
       'd' || n / 8, ${USER}, case when n % 10 = 0 then 'observe' else 'on' end, case when n % 10 = 0 then 'observed' else 'done' end,
       '{"active": false}', ${AT}, ${AT}
     from generate_series(1, $1) n`,
  ],
];
