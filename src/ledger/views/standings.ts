import type { Pool } from 'pg';
import { storable } from '../pool';

/** What each thing is worth: a course, a quiz or a module at 100 per cent, and a certificate that was renewed in time. */
export interface Weights {
  readonly course: number;
  readonly quiz: number;
  readonly progress: number;
  readonly onTime: number;
}

export interface StandingsQuery {
  readonly by: 'learner' | 'team';
  /** ISO 8601; `to` exclusive. Null: without end. */
  readonly from: string | null;
  readonly to: string | null;
  readonly teamId?: string | undefined;
  /** Only the progress in this module counts. */
  readonly moduleId?: string | undefined;
  readonly userId?: string | undefined;
  readonly weights: Weights;
  /** User ids and addresses of learners who do not appear. */
  readonly optOut: readonly string[];
  readonly limit: number;
  readonly after?: { readonly points: number; readonly key: string } | undefined;
}

export interface Standing extends Weights {
  readonly rank: number;
  readonly isTied: boolean;
  /** The user id, or the team id. */
  readonly key: string;
  /** Of a learner. */
  readonly email: string | null;
  readonly points: number;
}

/**
 * Learners, or teams by the average of their learners, the most points first; equal points share a rank. Who has left or opted out
 * does not appear. A course and a quiz count once, with the best result of the period; a module counts with its percentage, in the
 * period of its latest progress.
 */
export async function listStandings(pool: Pool, query: StandingsQuery): Promise<readonly Standing[]> {
  const { by, from, to, teamId, moduleId, userId, weights, optOut, limit, after } = query;
  const { rows } = await pool.query<Standing>(STANDINGS[by], [
    from ?? '-infinity',
    to ?? 'infinity',
    moduleId === undefined ? null : storable(moduleId),
    teamId === undefined ? null : storable(teamId),
    optOut.map((one) => one.toLowerCase()),
    ...[weights.course, weights.quiz, weights.progress, weights.onTime],
    userId === undefined ? null : storable(userId),
    after?.points ?? null,
    after?.key ?? null,
    limit,
  ]);
  return rows;
}

/** How far a delivery's header time may be after the fact: `orderOf` in src/domain. */
const UNPROVEN = `interval '7 hours 20 minutes'`;

const IN_PERIOD = (table: string): string => `${table}.at >= $1::timestamptz and ${table}.at < $2::timestamptz`;
const OF_USER = (table: string): string => `($10::text is null or ${table}.user_id = $10)`;

const COURSES = `
  select user_id, sum(best) / 100 as amount from (
    select c.user_id, least(greatest(max(c.score), 0), 100) as best from completions c
    where $3::text is null and ${IN_PERIOD('c')} and ${OF_USER('c')} group by c.user_id, c.course_id) as courses
  group by user_id`;

const QUIZZES = `
  select user_id, sum(best) / 100 as amount from (
    select q.user_id,
      max(coalesce(least(greatest(q.percent, 0), 100), case q.result when 'passed' then 100 else 0 end)) as best
    from quiz_results q
    where $3::text is null and q.result <> 'ungraded' and ${IN_PERIOD('q')} and ${OF_USER('q')}
    group by q.user_id, q.quiz_id) as quizzes
  group by user_id`;

const MODULES = `
  select p.user_id, sum(p.percent) / 100 as amount from progress p
  where ($3::text is null or p.module_id = $3) and ${IN_PERIOD('p')} and ${OF_USER('p')} group by p.user_id`;

/** A completion has renewed these: by certificate, when that had expired, epoch ms. */
const RENEWALS = `
  select c.user_id, count(*)::float8 as amount
  from completions c
  cross join lateral jsonb_each_text(c.settled) as settled (cert_key, expired_ms)
  join expiries e on e.user_id = c.user_id and e.cert_key = settled.cert_key
    and round(extract(epoch from e.at) * 1000) = settled.expired_ms::numeric
  where $3::text is null and c.settled <> '{}' and c.at <= e.deadline and ${IN_PERIOD('c')} and ${OF_USER('c')}
  group by c.user_id`;

/** Sets that are made once: looking up each of fifty thousand learners takes longer than to rank them. */
const LEFT = `
  select d.user_id from departures d left join learners l on l.user_id = d.user_id
  where d.withdrawn_by is null and d.at <= now()
    and (l.provisioned_at is null or l.provisioned_at <= d.at + ${UNPROVEN})`;

const LEARNERS = `
  select * from (
    select user_id, sum(course) as course, sum(quiz) as quiz, sum(progress) as progress, sum(on_time) as on_time
    from (
      select user_id, amount as course, 0 as quiz, 0 as progress, 0 as on_time from (${COURSES}) as courses
      union all select user_id, 0, amount, 0, 0 from (${QUIZZES}) as quizzes
      union all select user_id, 0, 0, amount, 0 from (${MODULES}) as modules
      union all select user_id, 0, 0, 0, amount from (${RENEWALS}) as renewals
    ) as parts group by user_id
  ) as s
  where s.user_id not in (${LEFT})
    and s.user_id not in (select user_id from learners where lower(email) = any($5::text[]))
    and ($5::text[] = '{}' or lower(s.user_id) <> all($5::text[]))
    and ($4::text is null or s.user_id in (select user_id from learners where team_id = $4))`;

const STANDINGS = {
  learner: ranked('user_id', `(select email from learners l where l.user_id = key)`, LEARNERS),
  team: ranked(
    'team_id',
    'null::text',
    `select l.team_id, avg(course) as course, avg(quiz) as quiz, avg(progress) as progress, avg(on_time) as on_time
     from (${LEARNERS}) as s join learners l on l.user_id = s.user_id where l.team_id is not null group by l.team_id`,
  ),
} as const;

/** Half goes up. Not by way of a numeric, which takes ten times as long. */
function rounded(amount: string): string {
  return `floor(${amount} + 0.5)::int`;
}

/** Each part is rounded first, so that the points are their sum; once for all that looks at them. */
function ranked(key: string, email: string, source: string): string {
  return `
    with weighed as materialized (
      select ${key} as key, ${rounded('course * $6')} as course, ${rounded('quiz * $7')} as quiz,
        ${rounded('progress * $8')} as progress, ${rounded('on_time * $9')} as on_time
      from (${source}) as source),
    summed as materialized (select *, course + quiz + progress + on_time as points from weighed),
    ranks as (
      select *, rank() over (order by points desc)::int as rank, count(*) over (partition by points) > 1 as is_tied
      from summed where points > 0)
    select rank, is_tied as "isTied", key, ${email} as email, points, course, quiz, progress, on_time as "onTime" from ranks
    where $11::int is null or points < $11 or (points = $11 and key collate "C" > $12)
    order by points desc, key collate "C" limit $13`;
}
