import type { Delivery, Route } from '../../events';
import type { ParsedBody } from '../verify';

/** Temporal's documented limits are 200 bytes for a summary and 20 kB for details; a start above them may be refused. */
const SUMMARY_BYTES = 200;
const SUBJECT_CHARACTERS = 120;

/** One line for Temporal Web UI, such as `Recertification: mt-rita, Sales Basics`. */
export function summarise(route: Route, contents: ParsedBody): string {
  const parts =
    contents.kind === 'event'
      ? [contents.data.userId, subject(route, contents)]
      : [contents.problem.kind, contents.event ?? undefined, contents.userId];
  return cutToBytes(`${route.title}: ${parts.filter(isText).map(plain).join(', ')}`, SUMMARY_BYTES);
}

/** Markdown for Temporal Web UI: what this is, and when it came. */
export function explain(route: Route, contents: ParsedBody, delivery: Delivery): string {
  return [
    contents.kind === 'event' ? eventSentence(route, contents) : problemSentence(contents),
    '',
    `- Event id: ${code(delivery.eventId)}`,
    `- Signed: ${delivery.signedAt}`,
    `- Received: ${delivery.receivedAt}`,
  ].join('\n');
}

function eventSentence(route: Route, contents: ParsedBody & { kind: 'event' }): string {
  const about = subject(route, contents);
  const of = `**${route.title}** of learner ${code(contents.data.userId)}`;
  return `${of}${about === undefined ? '' : `, ${code(about)}`}: MindTickle sent ${code(contents.event)}.`;
}

function problemSentence({ problem, event }: ParsedBody & { kind: 'problem' }): string {
  const what = event === null ? 'An authentic delivery' : `An authentic ${code(event)}`;
  return `${what} that we cannot read (${problem.kind}). It waits for \`redrive\` or \`discard\`.\n\n${plain(problem.detail)}`;
}

function subject({ subject: field }: Route, { data }: ParsedBody & { kind: 'event' }): string | undefined {
  const value = field === undefined ? undefined : data[field];
  return typeof value === 'string' ? value : undefined;
}

function isText(part: string | undefined): part is string {
  return part !== undefined;
}

/** Texts of the sender's: one line, and nothing that the Web UI's markdown would make a link or an element of. */
function plain(text: string): string {
  return text
    .slice(0, SUBJECT_CHARACTERS * 4)
    .replace(/\p{Bidi_Control}+/gu, '')
    .replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[<[]/g, '(')
    .replace(/[>\]]/g, ')');
}

function code(text: string): string {
  return `\`${plain(text).slice(0, SUBJECT_CHARACTERS).replaceAll('`', "'")}\``;
}

function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const kept = new TextDecoder().decode(Buffer.from(text).subarray(0, bytes - 3)).replace(/\uFFFD+$/, '');
  return `${kept}…`;
}
