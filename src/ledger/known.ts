import type { Pool } from 'pg';
import { findLearner, findUnfit, sharersOf, type Learner } from './learners';
import { inTransaction } from './pool';

/** What is known of a learner, and of whoever has to do with them. Each answer comes with what was asked. */
export interface KnownOfLearner {
  readonly learner: Learner | null;
  /** See `findUnfit`. */
  readonly unfit?: { readonly addresses: readonly string[]; readonly answer: readonly string[] };
  /** See `sharersOf`. */
  readonly sharers?: { readonly emails: readonly string[]; readonly answer: readonly string[] };
}

export interface KnownQuestions {
  /** Who may be notified about the learner. Absent: nobody is asked about. */
  readonly inLine?: (learner: Learner | null) => readonly string[];
  /** Addresses of the learner's account beside the one that the ledger knows. Absent: nobody is asked about. */
  readonly emails?: readonly string[];
}

/** Several questions in one transaction, because each of its own costs three round trips. */
export function readKnown(pool: Pool, userId: string, { inLine, emails }: KnownQuestions): Promise<KnownOfLearner> {
  return inTransaction(pool, async (client) => {
    const learner = await findLearner(client, userId);
    const addresses = inLine?.(learner);
    const all = emails && [...emails, ...(learner?.email ? [learner.email] : [])];
    return {
      learner,
      ...(addresses && { unfit: { addresses, answer: await findUnfit(client, { userId, addresses }) } }),
      ...(all && { sharers: { emails: all, answer: await sharersOf(client, { userId, emails: all }) } }),
    };
  });
}
