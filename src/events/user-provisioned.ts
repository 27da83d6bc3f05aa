import { z } from 'zod';
import { email, id, text } from './fields';

/** A person joined, by SCIM. Arrives only when the subscription names it. Carries no time of its own. */
export const userProvisioned = z.looseObject({
  userId: id,
  email,
  role: text,
  teamId: text,
  provisionedBy: z.string(),
});

export type UserProvisioned = z.infer<typeof userProvisioned>;
