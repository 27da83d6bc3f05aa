import type { PoolClient } from 'pg';

/** Take a lock that lasts until the transaction ends. */
export type Lock = (client: PoolClient, key: string) => Promise<void>;

/**
 * The one lock of a learner, first statement of every transaction about them. Two transactions that each write a fact
 * and read the other's under READ COMMITTED without it both miss the other's. A statement of its own: what follows has
 * to take its snapshot after the lock, not before. Never two of them in one transaction.
 */
export const lockLearner: Lock = async (client, userId) => {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [userId]);
};
