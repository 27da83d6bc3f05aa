import { isDeepStrictEqual } from 'node:util';
import type { Response } from 'express';
import { z } from 'zod';
import { Refusal } from './protocol';

export type Resource = Readonly<Record<string, unknown>>;

const MESSAGES = 'urn:ietf:params:scim:api:messages:2.0';

/** Of our codes, those of SCIM (RFC 7644 §3.12, table 9). */
const SCIM_TYPES = ['invalidFilter', 'uniqueness', 'invalidSyntax', 'invalidPath', 'noTarget', 'invalidValue'];

export function refuseAsScim(response: Response, { status, message, code }: Refusal): void {
  const scimType = SCIM_TYPES.includes(code) ? code : undefined;
  sendScim(response, { schemas: [`${MESSAGES}:Error`], status: String(status), scimType, detail: message }, status);
}

export function sendScim(response: Response, body: object, status = 200): void {
  response.status(status).type('application/scim+json').send(JSON.stringify(body));
}

interface Condition {
  readonly path: string;
  readonly value: string | boolean;
}

const CONDITION = /\s*([a-z][\w.]*) eq ("(?:[^"\\]|\\.)*"|true|false)(?:\s+(and|or)\s+(?=\S)|\s*$)/iy;

/**
 * What is used here of SCIM's filters (RFC 7644 §3.4.2.2) and of Okta's searches, which have the same grammar: `eq`,
 * `and`, `or`. Text has no case but in the attributes `caseExact`, in lower case.
 * @param attributes the names that may be filtered by; absent: any
 * @throws Refusal
 */
export function matching(
  filter: unknown,
  caseExact: readonly string[] = [],
  attributes?: readonly string[],
): (resource: Resource) => boolean {
  const alternatives = readFilter(typeof filter === 'string' ? filter : '');
  if (alternatives.flat().some(({ path }) => attributes?.includes(path) === false)) throw unreadableFilter();
  return (resource) =>
    alternatives.some((conditions) =>
      conditions.every(({ path, value }) => {
        const compared = (one: unknown): unknown =>
          typeof one === 'string' && !caseExact.includes(path.toLowerCase()) ? one.toLowerCase() : one;
        return valuesAt(resource, path).some((found) => compared(found) === compared(value));
      }),
    );
}

/** Any of the alternatives, each all of its conditions. */
function readFilter(text: string): readonly (readonly Condition[])[] {
  const alternatives: Condition[][] = [[]];
  let at = 0;
  do {
    CONDITION.lastIndex = at;
    const [, path, value, joint] = CONDITION.exec(text) ?? [];
    if (path === undefined || value === undefined) throw unreadableFilter();
    alternatives.at(-1)?.push({ path, value: parsed(value) });
    if (joint?.toLowerCase() === 'or') alternatives.push([]);
    at = CONDITION.lastIndex;
  } while (at < text.length);
  return alternatives;
}

function parsed(value: string): string | boolean {
  try {
    return JSON.parse(value.startsWith('"') ? value : value.toLowerCase()) as string | boolean;
  } catch {
    throw unreadableFilter();
  }
}

function unreadableFilter(): Refusal {
  return new Refusal(400, 'invalidFilter', 'The filter cannot be read');
}

/** Attribute names have no case (RFC 7643 §2.1); of a list, each element counts. */
function valuesAt(resource: Resource, path: string): unknown[] {
  const step = (value: unknown, name: string): unknown =>
    Object.entries(value ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
  const names = path.toLowerCase().split('.');
  return names.reduce<unknown[]>((values, name) => values.flatMap((value) => step(value, name)), [resource]);
}

const page = z.object({
  startIndex: z.coerce.number().int().min(1).catch(1),
  count: z.coerce.number().int().min(0).catch(Infinity),
});

/** A page has no more, whatever `count` says: as Keycloak has it. */
const MAX_PAGE = 100;

/** Answer with the page of a list that `startIndex` and `count` name. */
export function sendList(response: Response, all: readonly Resource[]): void {
  const { startIndex, count } = page.parse(response.req.query);
  const found = all.slice(startIndex - 1, startIndex - 1 + Math.min(count, MAX_PAGE));
  const totals = { totalResults: all.length, startIndex, itemsPerPage: found.length };
  sendScim(response, { schemas: [`${MESSAGES}:ListResponse`], ...totals, Resources: found });
}

/** As Entra: the next page by a cursor (RFC 9865), no total, and `resources` in lower case. */
export function sendCursorPage(response: Response, all: readonly Resource[]): void {
  const { cursor } = response.req.query;
  const start = all.findIndex(({ id }) => id === cursor) + 1;
  const found = all.slice(start, start + CURSOR_PAGE);
  const last = found.at(-1);
  const isLast = last === undefined || last === all.at(-1);
  sendScim(response, {
    schemas: [`${MESSAGES}:ListResponse`],
    itemsPerPage: found.length,
    ...(!isLast && { nextCursor: last['id'] }),
    resources: found,
  });
}

const CURSOR_PAGE = 20;

const operationSchema = z.object({
  op: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['add', 'replace', 'remove'])),
  path: z.string().optional(),
  value: z.unknown().optional(),
});
const patchSchema = z.object({
  schemas: z.tuple([z.literal(`${MESSAGES}:PatchOp`)]),
  Operations: z.array(operationSchema).min(1),
});
type Operation = z.infer<typeof operationSchema>;

/**
 * The resource after a PATCH (RFC 7644 §3.5.2). What the values may be is for the caller to check.
 * @param attributes the names that there are; any other is refused
 * @throws Refusal
 */
export function patched(resource: Resource, body: unknown, attributes: readonly string[]): Resource {
  const patch = patchSchema.safeParse(body);
  if (!patch.success) throw new Refusal(400, 'invalidSyntax', 'The body is not a PatchOp');
  return patch.data.Operations.reduce<Resource>((before, operation) => {
    const { op, path, value } = operation;
    if (path !== undefined) return operated(before, path, operation, attributes);
    if (op === 'remove') throw new Refusal(400, 'noTarget', 'There is nothing to remove without a path');
    const named = Object.entries(isObject(value) ? value : {});
    return named.reduce((so, [name, one]) => operated(so, name, { op, value: one }, attributes), before);
  }, resource);
}

/** One operation at an attribute, or at those elements of a list that a filter finds; no deeper. */
function operated(resource: Resource, path: string, operation: Operation, attributes: readonly string[]): Resource {
  const [, attribute = '', filter] = /^(.+?)(?:\[(.+)\])?$/.exec(path) ?? [];
  const name = attributes.find((one) => one.toLowerCase() === attribute.toLowerCase());
  if (name === undefined || (filter !== undefined && operation.op !== 'remove'))
    throw new Refusal(400, 'invalidPath', `Nothing can be changed at ${path}`);
  return { ...resource, [name]: changed(resource[name], filter, operation) };
}

function changed(before: unknown, filter: string | undefined, { op, value }: Operation): unknown {
  if (op === 'replace') return value;
  const elements: unknown[] = Array.isArray(before) ? before : [before];
  const named = [value].flat();
  if (op === 'add') return Array.isArray(before) ? [...elements, ...named] : value;
  if (filter !== undefined) return elements.filter((one) => !matching(filter)(one as Resource));
  // Entra names the elements to remove in the value.
  const isNamed = (one: unknown): boolean => named.some((other) => isDeepStrictEqual(one, other));
  return value === undefined ? undefined : elements.filter((one) => !isNamed(one));
}

function isObject(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
