import type { z } from 'zod';
import type { Operation } from '../operation';

/** A field of the input that is wrong, never its value. */
export interface InputFault {
  readonly field: string;
  readonly detail: string;
}

export type ReadInput = { readonly input: unknown } | { readonly faults: readonly InputFault[] };

export interface RawInput {
  /** Of the path, decoded. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: URLSearchParams;
  /** Undefined: none came. */
  readonly body: unknown;
}

/** The names in braces of `/api/workflows/{workflowId}`. */
export function namesInPath(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}

/** Reads what an operation takes; a field that it does not know is a fault, since a misspelt filter would match more. */
export function readInput(
  { method, input }: Pick<Operation, 'method' | 'input'>,
  { params, query, body }: RawInput,
): ReadInput {
  const fields = method === 'POST' ? fieldsOfBody(body) : fieldsOfQuery(input, query);
  if (fields === undefined) return { faults: [{ field: 'body', detail: 'is not a JSON object' }] };
  const raw = { ...fields, ...params };
  const unstorable = faultsOfCharacters(raw);
  if (unstorable.length > 0) return { faults: unstorable };
  const parsed = input.strict().safeParse(raw);
  return parsed.success ? { input: parsed.data } : { faults: parsed.error.issues.flatMap(faultsOf) };
}

function fieldsOfBody(body: unknown): object | undefined {
  if (body === undefined) return {};
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
}

/** An empty parameter is an absent one. A text becomes the number, the boolean or the list that the schema wants. */
function fieldsOfQuery(input: z.ZodObject, query: URLSearchParams): Record<string, unknown> {
  const shape = input.shape as Readonly<Record<string, z.core.$ZodType>>;
  const fields: Record<string, unknown> = {};
  for (const name of new Set(query.keys())) {
    const texts = query.getAll(name).filter((text) => text !== '');
    if (texts.length > 0) fields[name] = valueOf(Object.hasOwn(shape, name) ? shape[name] : undefined, texts);
  }
  return fields;
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
}

function valueOf(schema: z.core.$ZodType | undefined, texts: readonly string[]): unknown {
  const { type, element } = innermost(schema);
  if (type === 'array') return texts.map((text) => valueOf(element, [text]));
  if (texts.length > 1) return texts;
  const [text = ''] = texts;
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function innermost(schema: z.core.$ZodType | undefined): Definition {
  const definition = (schema?._zod.def ?? { type: 'unknown' }) as Definition;
  const inner = definition.innerType ?? definition.in;
  return inner === undefined ? definition : innermost(inner);
}

/** Postgres and UTF-8 hold neither NUL nor half a surrogate pair. */
const UNSTORABLE = /\0|\p{Cs}/u;

function faultsOfCharacters(value: unknown, field = ''): readonly InputFault[] {
  if (typeof value === 'string')
    return UNSTORABLE.test(value) ? [{ field, detail: 'has a character that cannot be stored' }] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => [
    ...(UNSTORABLE.test(name) ? [{ field: field || 'body', detail: 'has a name that cannot be stored' }] : []),
    ...faultsOfCharacters(each, [field, name].filter(Boolean).join('.')),
  ]);
}

function faultsOf(issue: z.core.$ZodIssue): readonly InputFault[] {
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: [field, key].filter(Boolean).join('.'), detail: 'is not known here' }));
  return [{ field: field || 'input', detail: issue.message }];
}
