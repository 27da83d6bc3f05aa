import { z } from 'zod';
import { isPlausibleTime, readTime } from '../../domain';

/** A time in a query: ISO 8601, a day (its beginning in UTC) or Unix time. ISO 8601 from here on. */
export const time = z.string().transform((text, context) => {
  const read = readTime(text);
  if (read !== null && isPlausibleTime(read.at)) return new Date(read.at).toISOString();
  context.issues.push({
    code: 'custom',
    input: text,
    message: 'not a time: give it as 2026-11-28 or 2026-11-28T09:00:00Z',
  });
  return z.NEVER;
});

/** In a query it is a text. */
export const limit = z.coerce.number().int().min(1).max(500).default(50);

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

export const shortText = z.string().trim().min(1).max(200);

/** Where a page ended: the values by which the list is ordered, opaque to whoever sends it back. */
export function cursor<T extends z.ZodType>(position: T): z.ZodType<z.output<T>, string> {
  return z.string().transform((text, context): z.output<T> => {
    const read = position.safeParse(decode(text));
    if (read.success) return read.data;
    context.issues.push({ code: 'custom', input: text, message: 'not a cursor of this list' });
    return z.NEVER;
  });
}

/** The page of at most `size` rows of which one more was read, and where the next one begins. */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  positionOf: (row: T) => unknown,
): { readonly page: readonly T[]; readonly next: string | null } {
  const page = rows.slice(0, size);
  const last = page.at(-1);
  return { page, next: rows.length > size && last !== undefined ? encode(positionOf(last)) : null };
}

function encode(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
}
