import { z } from 'zod';
import { describeEvent } from './descriptor';
import { id, percentage, seconds, unneededText } from './fields';

/** How far a learner is in a module: `progressPct` in percent. Carries no time of its own. */
export const moduleProgress = describeEvent({
  name: 'module.progress',
  schema: z.object({
    userId: id,
    moduleName: unneededText,
    moduleId: id,
    progressPct: percentage,
    timeSpentSec: seconds.nullish().transform((value) => value ?? 0),
  }),
  workflowType: 'moduleProgress',
  lane: 5,
  title: 'Module progress',
  subject: 'moduleName',
  sample: ({ userId, run }) => ({
    userId,
    moduleName: 'Objection Handling',
    moduleId: `module-${run}`,
    progressPct: 40,
    timeSpentSec: 900,
  }),
  demo: { person: 'pavel', effects: [] },
});

export type ModuleProgress = z.infer<typeof moduleProgress.schema>;
