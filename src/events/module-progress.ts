import { z } from 'zod';
import { id, title } from './fields';

/** How far a learner is in a module: `progressPct` in percent. Carries no time of its own. */
export const moduleProgress = z.looseObject({
  userId: id,
  moduleName: title,
  moduleId: id,
  progressPct: z.number(),
  timeSpentSec: z.number(),
});

export type ModuleProgress = z.infer<typeof moduleProgress>;
