import type { z } from 'zod';
import { events, isEventName, type EventName, type Problem, type Rereader } from '../../events';

/** What a signed body says. Its bytes are passed on as they came; this is read beside them. */
export type ParsedBody =
  | { readonly kind: 'event'; readonly event: EventName; readonly data: EventData }
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      /** `event` of the envelope; null when it cannot be read. */
      readonly event: string | null;
      /** `data.userId`, when it is a text. */
      readonly userId: string | undefined;
      readonly isJson: boolean;
    };

/** `data` that fits its schema; fields beyond the schema are there too. */
export type EventData = Readonly<Record<string, unknown>> & { readonly userId: string };

/** `foreign`: a readable `companyId` that is not ours, whatever the event. */
export type Parsed = ParsedBody | { readonly kind: 'foreign' };

const EVENT_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** The name goes into the workflow's first argument beside the body: a body-sized one would break the start. */
const MAX_EVENT_NAME = 255;
const NO_ENVELOPE = `The body is no object with \`event\`, a text of up to ${MAX_EVENT_NAME} characters.`;

/** The event id when it is 1–128 of `A–Z a–z 0–9 . _ -`: no workflow id of ours without a colon is anything else. */
export function parseEventId(text: string | undefined): string | undefined {
  return text !== undefined && EVENT_ID.test(text) ? text : undefined;
}

/**
 * RFC 8259 §9 lets a reader set it. `JSON.stringify` overflows the stack at some 4,000 levels, `JSON.parse` at none: what
 * is deeper could be read, and never be handed on.
 */
const MAX_DEPTH = 256;

/** Read a signed body. Never throws: what cannot be read is a `problem`, and its detail names fields, never values. */
export function parseBody(rawBody: Buffer, companyId: string): Parsed {
  const json = readJson(rawBody);
  if (json === undefined) return problem('not-json', 'The body is not JSON in UTF-8.');
  if (isDeeper(json.value, MAX_DEPTH)) return problem('not-json', `The body is nested more than ${MAX_DEPTH} deep.`);
  return parseEnvelope(json.value, companyId);
}

/** The same for JSON that was read already. */
export function parseEnvelope(value: unknown, companyId: string): Parsed {
  const envelope = isObject(value) ? value : {};
  const { data } = envelope;
  const event = readText(envelope['event'], MAX_EVENT_NAME) ?? null;
  const company = readText(envelope['companyId']);
  const userId = isObject(data) ? readText(data['userId']) : undefined;
  if (company !== undefined && company !== companyId) return { kind: 'foreign' };
  if (event === null) return problem('no-envelope', NO_ENVELOPE, event, userId);
  if (company === undefined) return problem('no-company', '`companyId` is missing, or no text.', event, userId);
  if (!isEventName(event)) return problem('unknown-event', 'No event of this name is known.', event, userId);
  return readData(event, data, userId);
}

export function isJson(contents: ParsedBody): boolean {
  return contents.kind === 'event' || contents.isJson;
}

export function userIdOf(contents: ParsedBody): string | undefined {
  return contents.kind === 'event' ? contents.data.userId : contents.userId;
}

/** Reads an envelope again by the receiver's own rules. */
export function createRereader(companyId: string): Rereader {
  return (envelope) => {
    const contents = parseEnvelope(envelope, companyId);
    if (contents.kind === 'foreign') return { refused: '`companyId` is not the one we serve.' };
    if (contents.kind === 'problem') return { refused: contents.problem.detail };
    const { event, data } = contents;
    return {
      workflowType: events[event].workflowType,
      event,
      envelope: { ...(envelope as object), event, data, companyId },
    };
  };
}

function readData(event: EventName, data: unknown, userId: string | undefined): ParsedBody {
  const read = events[event].schema.safeParse(data);
  if (read.success) return { kind: 'event', event, data: read.data };
  return problem('data-does-not-fit', describeIssues(read.error), event, userId);
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${['data', ...path].join('.')}: ${message}`).join('; ');
}

function problem(kind: Problem['kind'], detail: string, event: string | null = null, userId?: string): ParsedBody {
  return { kind: 'problem', problem: { kind, detail }, event, userId, isJson: kind !== 'not-json' };
}

/** Strict: one wrong byte, or a byte order mark (RFC 8259 §8.1), and it is not JSON. */
function readJson(rawBody: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(rawBody)) };
  } catch {
    return undefined;
  }
}

/** Level by level: a walk that calls itself would overflow the stack. */
export function isDeeper(value: unknown, depth: number): boolean {
  let level = [value].filter(isCompound);
  for (let left = depth; left > 0 && level.length > 0; left -= 1)
    level = level.flatMap((each) => Object.values(each)).filter(isCompound);
  return level.length > 0;
}

function isCompound(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readText(value: unknown, maxLength = Infinity): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;
}
