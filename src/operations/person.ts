/** How people are shown to those with a credential. */
import type { Pool } from 'pg';
import { z } from 'zod';
import { findLearners } from '../ledger';

export const person = z.object({
  userId: z.string(),
  email: z.string().nullable(),
  /** What to show. */
  name: z.string(),
  role: z.string().nullable(),
  teamId: z.string().nullable(),
  managerEmail: z.string().nullable(),
  isActive: z.boolean(),
});

export type Person = z.infer<typeof person>;

/** MindTickle sends no names: the part of the address before the `@` is what people recognise; else the user id. */
export function nameToShow(userId: string, email: string | null): string {
  const [local = ''] = (email ?? '').split('@');
  return local === '' ? userId : local;
}

/** The people of these ids, by one query; of one whom the ledger does not know, the id alone. */
export async function readPeople(pool: Pool, userIds: readonly string[]): Promise<ReadonlyMap<string, Person>> {
  const ids = [...new Set(userIds)];
  const known = new Map((await findLearners(pool, ids)).map((learner) => [learner.userId, learner]));
  return new Map(
    ids.map((userId) => {
      const { email = null, role = null, teamId = null, managerEmail = null, active = true } = known.get(userId) ?? {};
      return [userId, { userId, email, name: nameToShow(userId, email), role, teamId, managerEmail, isActive: active }];
    }),
  );
}
