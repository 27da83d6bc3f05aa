import { z } from 'zod';

/** Neither NUL nor half a surrogate pair, which UTF-8 cannot encode: the ledger and e-mails cannot keep them. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Cs}/u.test(text);
}

/** White space and characters that show nothing, such as U+200B. */
function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*$/u.test(text);
}

/** Any text that can be kept. */
export const text = z.string().refine(isStorable, { error: 'contains a character that no text can have', abort: true });

const visible = text.refine((value) => !isBlank(value), 'is empty');

/** Beyond 2^53 two ids would be read as one. */
function digitsOf(value: unknown): unknown {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? String(value) : value;
}

/** An identifier of MindTickle's: opaque, never empty. A whole number is its digits. */
export const id = z.preprocess(digitsOf, visible.max(256));

/** A title that a person gave: a course, a quiz, a certificate. */
export const title = visible.max(1024);

export const email = text
  .min(3)
  .max(320)
  .regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, 'not an e-mail address');

/** What the process does not need: null when it is absent, empty, or cannot be read by `schema`. */
function unneeded(schema: z.ZodType<string>) {
  return z
    .unknown()
    .optional()
    .transform((value): string | null => {
      const read = schema.safeParse(typeof value === 'string' ? value.trim() : digitsOf(value));
      return read.success ? read.data : null;
    });
}

export const unneededId = unneeded(visible.max(256));

/** Cut where it is long, so that a talkative sender loses no more than the rest of it. */
export const unneededText = unneeded(
  z
    .string()
    .transform((value) => value.slice(0, 1024).replace(/\p{Cs}$/u, ''))
    .pipe(visible),
);

export const unneededEmail = unneeded(email);

/**
 * As it came. Which field is what kind of time its descriptor says, and the receiver reads it: what comes out is ISO 8601 in
 * UTC.
 */
export const time = z
  .unknown()
  .optional()
  .transform((value) => value as string);

function between(low: number, high: number) {
  const message = `is not between ${low} and ${high}`;
  return z.number().min(low, message).max(high, message);
}

export const percentage = between(0, 100);

/** Points of a quiz. */
export const points = between(0, 1e9);

/** More than thirty years are no time that somebody spent. */
export const seconds = between(0, 1e9);
