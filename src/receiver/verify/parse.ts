import { epochMs, isDeeper, MAX_DEPTH } from '../../domain';
import { events, id, isEventName, type EventName, type Problem, type Rereader } from '../../events';
import { readData, type EventData, type Reading } from './read-data';

/** What a signed body says. Its bytes are passed on as they came; this is read beside them. */
export type ParsedBody =
  | {
      readonly kind: 'event';
      readonly event: EventName;
      readonly data: EventData;
      /** Names of the fields that came, could not be read, and are not needed. */
      readonly unread: readonly string[];
    }
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      /** `event` of the envelope; null when it cannot be read. */
      readonly event: string | null;
      /** `data.userId`, when it is one. */
      readonly userId: string | undefined;
      readonly isJson: boolean;
    };

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
 * Read a body that was signed at `signedAt` (epoch ms). Never throws: what cannot be read is a `problem`, and its detail names
 * fields, never values.
 */
export function parseBody(rawBody: Buffer, reading: Reading, signedAt: number): Parsed {
  const json = readJson(rawBody);
  if (json === undefined) return problem('not-json', 'The body is not JSON in UTF-8.');
  // Each level needs two bytes at least.
  if (rawBody.length > 2 * MAX_DEPTH && isDeeper(json.value, MAX_DEPTH))
    return problem('not-json', `The body is nested more than ${MAX_DEPTH} deep.`);
  return parseEnvelope(json.value, reading, signedAt);
}

/** The same for JSON that was read already. */
function parseEnvelope(value: unknown, reading: Reading, signedAt: number): Parsed {
  const envelope = isObject(value) ? value : {};
  const { data } = envelope;
  const event = readText(envelope['event'], MAX_EVENT_NAME) ?? null;
  const company = readCompany(envelope['companyId'], reading);
  const userId = isObject(data) ? id.safeParse(data['userId']).data : undefined;
  if (company !== undefined && company !== reading.companyId) return { kind: 'foreign' };
  if (event === null) return problem('no-envelope', NO_ENVELOPE, event, userId);
  if (company === undefined) return problem('no-company', '`companyId` is missing, or no text.', event, userId);
  if (!isEventName(event)) return problem('unknown-event', 'No event of this name is known.', event, userId);
  const read = readData(event, data, reading, signedAt);
  if ('refused' in read) return problem('data-does-not-fit', read.refused, event, userId);
  return { kind: 'event', event, ...read };
}

/** A number is ours when its digits are; any other is no company that we could refuse. */
function readCompany(value: unknown, { companyId }: Reading): string | undefined {
  return typeof value === 'number' && String(value) === companyId ? companyId : readText(value);
}

export function isJson(contents: ParsedBody): boolean {
  return contents.kind === 'event' || contents.isJson;
}

export function userIdOf(contents: ParsedBody): string | undefined {
  return contents.kind === 'event' ? contents.data.userId : contents.userId;
}

/** Reads an envelope again by the receiver's own rules. */
export function createRereader(reading: Reading): Rereader {
  return (envelope, signedAt) => {
    const contents = parseEnvelope(envelope, reading, epochMs(signedAt));
    if (contents.kind === 'foreign') return { refused: '`companyId` is not the one we serve.' };
    if (contents.kind === 'problem') return { refused: contents.problem.detail };
    const { event, data, unread } = contents;
    return { workflowType: events[event].workflowType, event, data, ...unreadFields(unread) };
  };
}

/** Said where there is something to say. */
export function unreadFields(unread: readonly string[]): { readonly unread?: readonly string[] } {
  return unread.length === 0 ? {} : { unread };
}

function problem(kind: Problem['kind'], detail: string, event: string | null = null, userId?: string): ParsedBody {
  return { kind: 'problem', problem: { kind, detail }, event, userId, isJson: kind !== 'not-json' };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strict: one wrong byte, or a byte order mark (RFC 8259 §8.1), and it is not JSON. */
function readJson(rawBody: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(strict.decode(rawBody)) };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readText(value: unknown, maxLength = Infinity): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= maxLength ? value : undefined;
}
