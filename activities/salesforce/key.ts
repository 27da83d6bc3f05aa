import { createHash } from 'node:crypto';

const LONGEST_PART = 110;

/**
 * The external id of one record: its parts with `:` between, other characters than letters, digits and `-` as `_` and two
 * hex digits a byte. Different parts make different keys, and no key has a character that an address could be read wrong
 * at: a `/`, `%` or `.` in an external id does not come through Salesforce's path, encoded or not. 255 characters at
 * most, which is what the field holds: a part that is longer ends in its digest.
 */
export function externalKey(...parts: readonly string[]): string {
  return parts.map(keyPart).join(':');
}

function keyPart(part: string): string {
  const safe = part.replace(/[^A-Za-z0-9-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
  if (safe.length <= LONGEST_PART) return safe;
  // `_-` stands in no other key.
  return `${safe.slice(0, LONGEST_PART - 66)}_-${createHash('sha256').update(part).digest('hex')}`;
}
