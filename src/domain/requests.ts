/**
 * Messages come from people and programs that may send anything. A field is a text, or it is a sentence about what is
 * wrong; the sentence never repeats what was sent.
 */
const MAX_TEXT_LENGTH = 2000;

/** The message's fields as texts, or why it cannot be taken. Fields in `optional` may be absent. */
export function readTextFields<R extends string, O extends string = never>(
  message: unknown,
  required: readonly R[],
  optional: readonly O[] = [],
): ({ readonly [K in R]: string } & { readonly [K in O]?: string }) | InvalidRequest {
  if (typeof message !== 'object' || message === null || Array.isArray(message))
    return { problem: `expected one JSON object with ${required.join(', ')}` };
  const fields = message as Readonly<Record<string, unknown>>;
  const texts: Record<string, string> = {};
  for (const name of [...required, ...optional]) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const isOptional = (optional as readonly string[]).includes(name);
    if (value === undefined && isOptional) continue;
    const fault = textFault(value);
    if (fault !== null) return { problem: `\`${name}\` ${fault}` };
    texts[name] = (value as string).trim();
  }
  return texts as { readonly [K in R]: string } & { readonly [K in O]?: string };
}

export interface InvalidRequest {
  readonly problem: string;
}

export function isInvalidRequest(read: object): read is InvalidRequest {
  return 'problem' in read;
}

function textFault(value: unknown): string | null {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'string') return 'must be a text';
  if (value.trim() === '') return 'must not be empty';
  // The ledger keeps who and why beside each write, and takes neither NUL nor half a surrogate pair.
  if (value.includes('\0') || /\p{Cs}/u.test(value)) return 'contains a character that no text can have';
  return value.length > MAX_TEXT_LENGTH ? `must not be longer than ${MAX_TEXT_LENGTH} characters` : null;
}

const EMAIL = /^[^\s@<>,;]+@[^\s@<>,;]+$/;

export function isEmail(text: string): boolean {
  return text.length <= 320 && EMAIL.test(text);
}
