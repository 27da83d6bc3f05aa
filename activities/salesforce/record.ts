import type { SalesforceNames } from '../../src/domain';
import { storable } from '../../src/ledger';
import type { Fields } from './api';

/** What we say of a course, certificate or module of a learner; times ISO 8601. */
type Facts = { readonly [K in keyof SalesforceNames['trainingFields']]?: string | number | null };

/** The same under the org's names. What is not known is not written: it may be known there. */
export function trainingRecord({ trainingFields }: SalesforceNames, facts: Facts): Fields {
  const ours = Object.keys(trainingFields) as (keyof SalesforceNames['trainingFields'])[];
  const named = ours.flatMap((name) => {
    const [theirs, value] = [trainingFields[name], facts[name]];
    const isKnown = value !== undefined && (value !== null || name === 'deadline');
    return theirs === null || !isKnown ? [] : [[theirs, typeof value === 'string' ? clipped(value) : value] as const];
  });
  return Object.fromEntries(named);
}

/** A text field holds 255 characters at most; a title that is longer must not be a reason to refuse the record. */
function clipped(text: string): string {
  return storable(text)
    .slice(0, 255)
    .replace(/\p{Cs}$/u, '');
}
