import type { System } from '../src/domain';
import { rejected } from './failure';
import type { Http, HttpAnswer } from './http';

/** What two of the connectors need of SCIM 2.0 (RFC 7644). */

export function scimPatch(path: string, operation: object): { method: 'PATCH'; path: string; body: object } {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
  return { method: 'PATCH', path, body: { schemas, Operations: [operation] } };
}

/** Names of attributes have no case (RFC 7643 §2.1): Entra writes `resources`. */
export function scimAttribute(resource: unknown, name: string): unknown {
  if (typeof resource !== 'object' || resource === null) return undefined;
  return Object.entries(resource).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/**
 * The resources of a list answer; an empty list may lack `Resources` (§3.4.2).
 * @throws `<system>.rejected` for what is no list: a sign-in page must not read as an empty one.
 */
export function scimResources(system: System, call: string, body: unknown): readonly unknown[] {
  const found = scimAttribute(body, 'Resources');
  if (Array.isArray(found)) return found;
  if (scimAttribute(body, 'totalResults') === 0) return [];
  throw rejected(system, 'did not answer with a SCIM list: is its URL right?', { call });
}

/** A list that is longer has something wrong with it. */
const MAX_PAGES = 100;

/** A filter that a server does not take (§3.12); some say that they have not implemented it. */
const FILTER_REFUSED = [400, 501];

export interface ScimQuery {
  readonly path: string;
  /** What it looks for, for failures. */
  readonly call: string;
  readonly filter?: string;
  /** Comma-separated. */
  readonly attributes?: string;
}

/**
 * All that a query finds, to its last page: by `nextCursor` (RFC 9865) where there is one, else by `startIndex` to
 * `totalResults`, or where that is missing until a page brings nothing new. Null: the server does not take this filter.
 * @throws `<system>.rejected` for a list that does not end, or ends before its own total.
 */
export async function scimList(
  system: System,
  read: Http['read'],
  { path, call, filter, attributes }: ScimQuery,
): Promise<readonly unknown[] | null> {
  const found = new Map<string, unknown>();
  let received = 0;
  let next: Readonly<Record<string, string>> = {};
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = queryOf({ filter, attributes, ...next });
    const accept = filter === undefined ? [] : FILTER_REFUSED;
    const { status, body } = await read({ method: 'GET', path: `${path}${query}`, call, accept });
    if (FILTER_REFUSED.includes(status)) return null;
    const resources = scimResources(system, call, body);
    const known = found.size;
    for (const resource of resources) found.set(keyOf(resource), resource);
    received += resources.length;
    const goesOn = nextPage(body, received, found.size > known);
    if (goesOn === 'cut off') throw rejected(system, 'ended a list before its total', { count: found.size, call });
    if (goesOn === null) return [...found.values()];
    next = goesOn;
  }
  throw rejected(system, `lists more than ${MAX_PAGES} pages`, { call });
}

function nextPage(
  body: HttpAnswer['body'],
  received: number,
  isNews: boolean,
): Readonly<Record<string, string>> | 'cut off' | null {
  const cursor = scimAttribute(body, 'nextCursor');
  if (typeof cursor === 'string' && cursor !== '') return { cursor };
  const total = scimAttribute(body, 'totalResults') ?? NaN;
  if (received >= Number(total)) return null;
  if (isNews) return { startIndex: String(received + 1) };
  // Without a total, a page that repeats another, or is empty, was the end.
  return Number.isNaN(Number(total)) ? null : 'cut off';
}

function keyOf(resource: unknown): string {
  const id = scimAttribute(resource, 'id');
  return typeof id === 'string' ? id : JSON.stringify(resource);
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

/** A text in a filter is a JSON string (§3.4.2.2), which also makes quotes in an address harmless. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
