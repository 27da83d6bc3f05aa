import { z } from 'zod';
import { FORBIDDEN, NO_CREDENTIAL } from '../../http';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** OpenAPI 3.1 says by itself which JSON Schema it has. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as unknown as JsonObject;
  return Object.fromEntries(Object.entries(made).filter(([name]) => name !== '$schema'));
}

export const PROBLEM: JsonObject = {
  type: 'object',
  description: 'RFC 9457.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      description: 'Of 400: each field that is wrong.',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, detail: { type: 'string' } },
        required: ['field', 'detail'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail'],
};

/** What any operation may answer. */
export const EVERYWHERE = [400, 401, 403, 429, 500, 503] as const;

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'Something of the input is wrong; `errors` names each field.',
  401: NO_CREDENTIAL.detail,
  403: `${FORBIDDEN.detail} Or a page of another origin has sent it.`,
  404: 'It never existed.',
  409: 'Not possible now; the detail says why.',
  413: 'The body is larger than 1 MiB.',
  415: 'The body is not application/json.',
  429: 'Too many wrong tokens from this address, or too many changes; `Retry-After` says when to try again.',
  500: 'It failed; the log says where.',
  503: 'Temporal, the ledger or a worker does not answer now; try again later.',
};

export function problems(statuses: readonly number[]): JsonObject {
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(statuses.map((status) => [status, { description: MEANINGS[status] ?? '', content }]));
}

export function jsonContent(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } };
}

const BINARY = { schema: { type: 'string', format: 'binary' } };
export const FILE: JsonObject = {
  description: 'The file.',
  headers: { 'Content-Disposition': { schema: { type: 'string' } } },
  content: { 'text/csv': BINARY, 'application/pdf': BINARY },
};

export const EMPTY: JsonObject = { description: 'Done.' };
