import { z } from 'zod';

const ISO_8601 = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** `2026-02-30` is accepted by `Date.parse` and becomes the 2nd of March: the calendar is asked instead. */
function isCalendarInstant(text: string): boolean {
  const match = ISO_8601.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day && !Number.isNaN(Date.parse(text));
}

/** An ISO 8601 date or date and time; without a zone it is UTC. */
export const isoInstant = z.string().refine(isCalendarInstant, 'not an ISO 8601 date');

/** Neither NUL nor half a surrogate pair, which UTF-8 cannot encode: the ledger and e-mails cannot keep them. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Cs}/u.test(text);
}

/** Any text that can be kept. */
export const text = z.string().refine(isStorable, 'contains a character that no text can have');

/** An identifier of MindTickle's: opaque, never empty. */
export const id = text.min(1).max(256);

/** A title that a person gave: a course, a quiz, a certificate. */
export const title = text.min(1).max(1024);

export const email = text
  .min(3)
  .max(320)
  .regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'not an e-mail address');
