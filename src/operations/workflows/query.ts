/** Which cases are wanted, and how Temporal's visibility is asked for them. */
import { z } from 'zod';
import { CASE_TYPES, DAY, HOUR, isoTime, MINUTE, searchAttributes } from '../../domain';

/** A value that a search attribute can have. */
const keyword = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u);
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

export const caseFilter = z.object({
  /** The workflow type. */
  type: z.enum(CASE_TYPES as [string, ...string[]]).optional(),
  event: keyword.optional(),
  phase: z.enum(['working', 'waiting', 'parked', 'undoing', 'done']).optional(),
  needs: z.enum(['person', 'time', 'system']).optional(),
  cause: keyword.optional(),
  userId: keyword.optional(),
  teamId: keyword.optional(),
  status: z.enum(['running', 'closed', 'all']).optional(),
  /** Started before so long: `14d`, `36h`, `90m`. */
  olderThan: z
    .string()
    .regex(/^[1-9]\d{0,4}[mhd]$/)
    .optional(),
  deadlineBefore: moment.optional(),
  deadlineAfter: moment.optional(),
});

export type CaseFilter = z.infer<typeof caseFilter>;

/** Whoever runs in Temporal under another type, such as housekeeping, is no case. Runs that go on in another one are not either. */
const STATUSES = {
  running: "ExecutionStatus = 'Running'",
  closed: "ExecutionStatus IN ('Completed', 'Failed', 'Canceled', 'Terminated', 'TimedOut')",
  all: "ExecutionStatus != 'ContinuedAsNew'",
} as const;

const { event, userId, phase, deadline, needs, cause } = searchAttributes;

/**
 * The filter as a visibility query. `userIds`: instead of a team, which Temporal does not know. `now` epoch ms.
 * A workflow of a release that did not write `MindtickleNeeds` needs a person where it is parked.
 */
export function visibilityQuery(filter: CaseFilter, now: number, userIds?: readonly string[]): string {
  const { type, status = 'running', olderThan } = filter;
  return [
    type === undefined ? isIn('WorkflowType', CASE_TYPES) : is('WorkflowType', type),
    STATUSES[status],
    ...when(filter.event, (value) => is(event.name, value)),
    ...when(filter.phase, (value) => is(phase.name, value)),
    ...when(filter.cause, (value) => is(cause.name, value)),
    ...when(filter.needs, needing),
    ...when(filter.userId, (value) => is(userId.name, value)),
    ...when(userIds, (values) => isIn(userId.name, values)),
    ...when(olderThan, (value) => `StartTime < ${quoted(isoTime(now - durationMs(value)))}`),
    ...when(filter.deadlineBefore, (value) => deadlineIs('<', value)),
    ...when(filter.deadlineAfter, (value) => deadlineIs('>=', value)),
  ].join(' AND ');
}

function when<T>(value: T | undefined, condition: (value: T) => string): readonly string[] {
  return value === undefined ? [] : [condition(value)];
}

/** `time` an ISO 8601 date or time. */
export function deadlineIs(relation: '<' | '>=', time: string): string {
  return `${deadline.name} ${relation} ${quoted(new Date(time).toISOString())}`;
}

export const HAS_DEADLINE = `${deadline.name} IS NOT NULL`;

function needing(who: NonNullable<CaseFilter['needs']>): string {
  const says = is(needs.name, who);
  if (who !== 'person') return says;
  const parked = `${needs.name} IS NULL AND ${is(phase.name, 'parked')}`;
  return `(${says} OR (${parked}))`;
}

function is(name: string, value: string): string {
  return `${name} = ${quoted(value)}`;
}

/** Nobody, where there is none: an empty list is no query. */
export function isIn(name: string, values: readonly string[]): string {
  return values.length === 0 ? is(name, '') : `${name} IN (${values.map(quoted).join(', ')})`;
}

/**
 * For Temporal's SQL-like queries, where a backslash escapes. A value with a backslash or a double quote is never found by SQL
 * visibility stores, however it is written (tried with 1.32): it escapes none the less.
 */
function quoted(value: string): string {
  return `'${value.replace(/[\\']/g, '\\$&')}'`;
}

const UNITS = { m: MINUTE, h: HOUR, d: DAY } as const;

function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * UNITS[text.slice(-1) as keyof typeof UNITS];
}
