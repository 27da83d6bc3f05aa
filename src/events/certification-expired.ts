import { z } from 'zod';
import { id, isoInstant, title } from './fields';

/** A certificate ran out at `expiredAt`; it has to be renewed by `renewalDeadline`. */
export const certificationExpired = z.looseObject({
  userId: id,
  certName: title,
  expiredAt: isoInstant,
  renewalDeadline: isoInstant,
});

export type CertificationExpired = z.infer<typeof certificationExpired>;
