import { createHash } from 'node:crypto';
import type { SalesforceNames } from '../../src/domain';
import { storable } from '../../src/ledger';
import type { Fields } from './api';

/** What we say of a course, certificate or module of a learner; times ISO 8601. */
type RecordFacts = { readonly [K in keyof SalesforceNames['trainingFields']]?: string | number | null };

/** The same under the org's names. A fact that we do not know is not written: Salesforce may know it. */
export function trainingRecord({ trainingFields }: SalesforceNames, facts: RecordFacts): Fields {
  const ours = Object.keys(trainingFields) as (keyof SalesforceNames['trainingFields'])[];
  const named = ours.flatMap((name) => {
    const [theirs, value] = [trainingFields[name], facts[name]];
    const isKnown = value !== undefined && (value !== null || name === 'deadline');
    return theirs === null || !isKnown ? [] : [[theirs, typeof value === 'string' ? clipped(value) : value] as const];
  });
  return Object.fromEntries(named);
}

/** A text field has 255 characters at most; a longer title must not make Salesforce refuse the record. */
function clipped(text: string): string {
  return storable(text)
    .slice(0, 255)
    .replace(/\p{Cs}$/u, '');
}

/** Salesforce writes times and addresses in its own way: `2026-03-02T09:00:00.000+0000`, and addresses in lower case. */
export function isEqual(theirs: unknown, ours: unknown): boolean {
  if (typeof theirs !== 'string' || typeof ours !== 'string') return (theirs ?? null) === (ours ?? null);
  return theirs.toLowerCase() === ours.toLowerCase() || (Date.parse(theirs) === Date.parse(ours) && isTime(ours));
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text);
}

const MAX_PART = 110;

/**
 * The external id of one record: its parts with `:` between, other characters than letters, digits and `-` as `_` and two
 * hex digits a byte. Different parts make different keys. A `/`, `%` or `.` in an external id does not get through Salesforce's
 * path, encoded or not. 255 characters at most, as in the field: a longer part ends in its digest.
 */
export function externalKey(...parts: readonly string[]): string {
  return parts.map(keyPart).join(':');
}

function keyPart(part: string): string {
  const safe = part.replace(/[^A-Za-z0-9-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  if (safe.length <= MAX_PART) return safe;
  // No other key has `_-`.
  return `${safe.slice(0, MAX_PART - 66)}_-${createHash('sha256').update(part).digest('hex')}`;
}
