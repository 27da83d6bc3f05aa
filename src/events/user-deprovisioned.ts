import { z } from 'zod';
import { email, id, isoInstant, text } from './fields';

/** A person left, by SCIM. Arrives only when the subscription names it. `deprovisionedAt` may be ahead. */
export const userDeprovisioned = z.looseObject({
  userId: id,
  email,
  reason: text,
  deprovisionedAt: isoInstant,
});

export type UserDeprovisioned = z.infer<typeof userDeprovisioned>;
