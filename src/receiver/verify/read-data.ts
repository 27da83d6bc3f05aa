import type { z } from 'zod';
import {
  DEFAULT_CALENDAR,
  endOfDay,
  epochMs,
  isoTime,
  isPlausibleTime,
  MINUTE,
  readTime,
  startOfDay,
} from '../../domain';
import { events, type EventName, type TimeKind } from '../../events';

/** What a body is read by. */
export interface Reading {
  /** The company that we serve. */
  readonly companyId: string;
  /** `calendar.timeZone` of the policy: a date without a time is a day there. Absent: UTC. */
  readonly timeZone?: string;
}

/** `data` as it was read: the fields of its schema. */
export type EventData = Readonly<Record<string, unknown>> & { readonly userId: string };

/** `refused`: a sentence that names fields, never values. */
export type DataRead = { readonly data: EventData; readonly unread: readonly string[] } | { readonly refused: string };

type Fields = Readonly<Record<string, unknown>>;

interface Plan {
  readonly times?: Readonly<Record<string, TimeKind>>;
  readonly atMost?: readonly (readonly [string, string])[];
}

/** Read `data` of an event whose delivery was signed at `signedAt` (epoch ms): leniently what is not needed, strictly what is. */
export function readData(
  event: EventName,
  data: unknown,
  { timeZone = DEFAULT_CALENDAR.timeZone }: Reading,
  signedAt: number,
): DataRead {
  const { schema, ...descriptor } = events[event];
  const { times = {}, atMost = [] }: Plan = descriptor;
  const read = schema.safeParse(data, { error: wordsOf });
  if (!read.success) return { refused: describeIssues(read.error) };
  const fields: Record<string, unknown> = { ...read.data };
  const faults: string[] = [];
  for (const [name, kind] of Object.entries(times)) {
    const time = readMoment(fields[name], kind, timeZone, signedAt);
    if (typeof time === 'string') faults.push(`data.${name}: ${time}`);
    else fields[name] = isoTime(time.at);
  }
  if (faults.length === 0) faults.push(...orderFaults(fields, atMost, times));
  if (faults.length > 0) return { refused: faults.join('; ') };
  return { data: fields as EventData, unread: unreadOf(data as Fields, fields, times) };
}

function orderFaults(fields: Fields, atMost: Required<Plan>['atMost'], times: Required<Plan>['times']): string[] {
  return atMost
    .filter(([low, high]) => isMore(fields[low], fields[high]))
    .map(([low, high]) => `data.${low}: is ${low in times ? 'after' : 'more than'} ${high}`);
}

/** Five minutes for two clocks that differ. */
const AHEAD_MS = 5 * MINUTE;

/** The moment that a field names, or what is wrong with it. */
function readMoment(
  value: unknown,
  kind: TimeKind,
  timeZone: string,
  signedAt: number,
): { readonly at: number } | string {
  const read = readTime(value);
  if (read === null) return withoutTime(value, kind, signedAt);
  if (!isPlausibleTime(read.at)) return 'is before the year 2000 or after 2200';
  const at = read.isDay ? endOfDay(read.at, timeZone) : read.at;
  if (kind !== 'past') return { at };
  const begins = read.isDay ? startOfDay(read.at, timeZone) : at;
  // The day of the delivery has not ended, and what happened on it has.
  return begins > signedAt + AHEAD_MS
    ? 'is after the delivery was signed'
    : { at: Math.min(at, Math.max(signedAt, begins)) };
}

function withoutTime(value: unknown, kind: TimeKind, signedAt: number): { readonly at: number } | string {
  if (kind === 'announced' || (kind === 'past' && isAbsent(value))) return { at: signedAt };
  return isAbsent(value) ? 'is missing' : 'is no time that can be read, such as 2027-03-31T12:00:00Z';
}

/** Not there, or nothing that a text or a number could say. */
function isAbsent(value: unknown): boolean {
  return typeof value === 'string' ? value.trim() === '' : typeof value !== 'number';
}

function isMore(low: unknown, high: unknown): boolean {
  if (typeof low === 'number' && typeof high === 'number') return high > 0 && low > high;
  return typeof low === 'string' && typeof high === 'string' && epochMs(low) > epochMs(high);
}

/** What came, and neither is in what was read nor could be: somebody should see it. */
function unreadOf(data: Fields, read: Fields, times: Readonly<Record<string, TimeKind>>): readonly string[] {
  return Object.keys(read).filter((name) => {
    const value = data[name];
    if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) return false;
    return name in times ? readTime(value) === null : read[name] === null;
  });
}

const KINDS: Readonly<Record<string, string>> = { string: 'a text', number: 'a number', object: 'an object' };

/** zod's own words are for programmers, and people read these in quarantine. A field that has words of its own keeps them. */
function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined || issue.input === null
        ? 'is missing'
        : `is not ${KINDS[issue.expected] ?? issue.expected}`;
    case 'too_big':
      return issue.origin === 'string' ? `is longer than ${String(issue.maximum)} characters` : undefined;
    case 'too_small':
      return issue.origin === 'string' ? `is shorter than ${String(issue.minimum)} characters` : undefined;
    default:
      return undefined;
  }
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${['data', ...path].join('.')}: ${message}`).join('; ');
}
