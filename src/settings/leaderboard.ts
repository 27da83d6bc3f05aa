import { z } from 'zod';

const points = z.number().min(0).max(100_000);

/** What a ranking of learners counts, and who appears in it how. */
export const leaderboard = z.strictObject({
  points: z
    .strictObject({
      course: points.default(100),
      quiz: points.default(50),
      progress: points.default(20),
      onTime: points.default(50),
    })
    .prefault({}),
  optOut: z.array(z.string().min(1)).default([]),
  show: z.enum(['names', 'initials']).default('names'),
});

export type Leaderboard = z.infer<typeof leaderboard>;

/** What becomes of the archive when a person is erased. */
export const forget = z.strictObject({ archive: z.enum(['keep', 'delete']).default('keep') });

export type ForgetRules = z.infer<typeof forget>;
