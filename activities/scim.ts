import type { System } from '../src/domain';
import { rejected } from './failure';

/** What two of the connectors need of SCIM 2.0 (RFC 7644). */

export function scimPatch(path: string, operation: object): { method: 'PATCH'; path: string; body: object } {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
  return { method: 'PATCH', path, body: { schemas, Operations: [operation] } };
}

/**
 * The resources of a list answer; an empty list may lack `Resources` (§3.4.2).
 * @throws `<system>.rejected` for what is no list: a sign-in page must not read as an empty one.
 */
export function scimResources(system: System, body: unknown): readonly unknown[] {
  const { Resources: found, totalResults } = (body ?? {}) as { Resources?: unknown; totalResults?: unknown };
  if (Array.isArray(found)) return found;
  if (totalResults === 0) return [];
  throw rejected(system, 'did not answer with a SCIM list: is its URL right?');
}

/** A text in a filter is a JSON string (§3.4.2.2), which also makes quotes in an address harmless. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
