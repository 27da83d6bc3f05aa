import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DAY, isoTime } from '../../domain';
import { userIdsOfTeam } from '../../ledger';
import { workflowCase } from '../case';
import { defineOperation, refuse, type Operation, type Refused } from '../operation';
import { asking, type Asking, type WorkflowDeps } from './context';
import { casesOf } from './cases';
import { deadlineOf } from './facts';
import { caseFilter, deadlineIs, HAS_DEADLINE, visibilityQuery, type CaseFilter } from './query';
import type { Listed, Page, Temporal } from './temporal';

/** A query with more ids is refused by some visibility stores. */
const MAX_TEAM = 500;

/** Visibility does not sort by deadline: so many are read, and sorted here. */
const MAX_SORTED = 2000;
const PAGE_SIZE = 1000;

/** The nearest deadlines are looked for first where there are more. */
const HORIZONS_DAYS = [0, 1, 7, 30, 90, 400];

const input = caseFilter.extend({
  sort: z.enum(['deadline', 'started']).default('started'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(4096).optional(),
});

export function createList(deps: WorkflowDeps): Operation {
  return defineOperation({
    id: 'listWorkflows',
    method: 'GET',
    path: '/api/workflows',
    role: 'viewer',
    summary: 'The cases that match, the newest or the nearest deadline first',
    input,
    output: z.object({
      cases: z.array(workflowCase),
      total: z.number(),
      next: z.string().nullable(),
      asOf: z.string(),
    }),
    handle: asking(deps, async ({ temporal, sources }, { sort, limit, cursor, ...filter }: z.output<typeof input>) => {
      const query = await queryFor({ temporal, sources }, filter);
      if (typeof query !== 'string') return query;
      const at = readCursor(cursor, `${sort} ${query.replace(/StartTime < '[^']*'/, '')}`);
      if (at === undefined) return refuse(400, 'the cursor is not of this list');
      const read = sort === 'deadline' ? nearestDeadlines : newest;
      const [{ listed, next }, total] = await Promise.all([
        read(temporal, query, { limit, after: at.after, now: sources.now() }),
        temporal.count(query),
      ]);
      const cases = await casesOf(sources, listed);
      return {
        cases: [...cases],
        total,
        next: next === null ? null : at.cursor(next),
        asOf: isoTime(sources.now()),
      };
    }),
  });
}

/** The filter as Temporal is asked; a refusal where a team is too large. */
export async function queryFor({ sources }: Asking, filter: CaseFilter): Promise<string | Refused> {
  const { teamId } = filter;
  if (teamId === undefined) return visibilityQuery(filter, sources.now());
  const userIds = await userIdsOfTeam(sources.pool, teamId, MAX_TEAM + 1);
  return userIds.length > MAX_TEAM
    ? refuse(400, `the team has more than ${MAX_TEAM} people: filter by type, event or phase instead`)
    : visibilityQuery(filter, sources.now(), userIds);
}

interface Wanted {
  readonly limit: number;
  readonly after: string | null;
  /** Epoch ms. */
  readonly now: number;
}

interface Slice {
  readonly listed: readonly Listed[];
  /** Null: there are no more. */
  readonly next: string | null;
}

async function newest(temporal: Temporal, query: string, { limit, after }: Wanted): Promise<Slice> {
  const token = after === null ? undefined : Buffer.from(after, 'base64url');
  const page = await temporal.list(query, limit, token);
  return { listed: page.listed, next: page.token.length === 0 ? null : Buffer.from(page.token).toString('base64url') };
}

/** `after`: the deadline and the workflow id of the last one that was shown. */
async function nearestDeadlines(temporal: Temporal, query: string, { limit, after, now }: Wanted): Promise<Slice> {
  const [from = '', lastId = ''] = after?.split(' ') ?? [];
  const due = [query, HAS_DEADLINE, ...(from === '' ? [] : [deadlineIs('>=', from)])].join(' AND ');
  const bounded = await nearest(temporal, due, limit, now);
  const read = await readAll(temporal, bounded, MAX_SORTED);
  const sorted = read
    .map((listed) => ({ listed, key: `${deadlineOf(listed) ?? ''} ${listed.workflowId}` }))
    .filter(({ key }) => key > `${from} ${lastId}`)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = sorted.slice(0, limit);
  const isLast = sorted.length <= limit && bounded === due;
  return { listed: shown.map(({ listed }) => listed), next: isLast ? null : (shown.at(-1)?.key ?? null) };
}

/** The query, down to a horizon where more match than can be sorted. */
async function nearest(temporal: Temporal, query: string, limit: number, now: number): Promise<string> {
  if ((await temporal.count(query)) <= MAX_SORTED) return query;
  for (const days of HORIZONS_DAYS) {
    const bounded = `${query} AND ${deadlineIs('<', isoTime(now + days * DAY))}`;
    // One more than is shown: what was shown last is among them.
    if ((await temporal.count(bounded)) > limit) return bounded;
  }
  return query;
}

/** Up to `max` of those that match, the newest first. */
export async function readAll(temporal: Temporal, query: string, max: number): Promise<readonly Listed[]> {
  const all: Listed[] = [];
  let page: Page | undefined;
  do {
    page = await temporal.list(query, Math.min(PAGE_SIZE, max - all.length), page?.token);
    all.push(...page.listed);
  } while (page.token.length > 0 && all.length < max);
  return all;
}

/** A cursor is of one list alone: a token of Temporal's for another query is no error that it explains. */
function readCursor(
  cursor: string | undefined,
  list: string,
): { readonly after: string | null; readonly cursor: (next: string) => string } | undefined {
  const mark = createHash('sha256').update(list).digest('base64url').slice(0, 10);
  const write = (next: string): string => `${mark}.${Buffer.from(next).toString('base64url')}`;
  if (cursor === undefined) return { after: null, cursor: write };
  if (!cursor.startsWith(`${mark}.`)) return undefined;
  const after = Buffer.from(cursor.slice(mark.length + 1), 'base64url').toString();
  return write(after) === cursor ? { after, cursor: write } : undefined;
}
