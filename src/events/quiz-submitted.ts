import { z } from 'zod';
import { id, title } from './fields';

/**
 * A learner handed in a quiz. `score` is out of `maxScore`. A quiz of `quizType` *practice* is ungraded
 * and carries none of `score`, `maxScore`, `passed`; other quizzes may lack them too.
 */
export const quizSubmitted = z.looseObject({
  userId: id,
  quizName: title,
  quizId: id,
  score: z.number().nullish(),
  maxScore: z.number().nullish(),
  passed: z.boolean().nullish(),
  quizType: z.string().nullish(),
});

export type QuizSubmitted = z.infer<typeof quizSubmitted>;
