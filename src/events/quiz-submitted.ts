import { z } from 'zod';
import { describeEvent } from './descriptor';
import { id, points, unneededText } from './fields';

/**
 * A learner handed in a quiz. `score` is out of `maxScore`. A quiz of `quizType` *practice* is ungraded
 * and carries none of `score`, `maxScore`, `passed`; other quizzes may lack them too.
 */
export const quizSubmitted = describeEvent({
  name: 'quiz.submitted',
  schema: z.object({
    userId: id,
    quizName: unneededText,
    quizId: id,
    score: points.nullish(),
    maxScore: points.nullish(),
    passed: z.boolean().nullish(),
    quizType: unneededText,
  }),
  atMost: [['score', 'maxScore']],
  workflowType: 'quizCoaching',
  lane: 3,
  title: 'Quiz submitted',
  subject: 'quizName',
  sample: ({ userId, run }) => ({
    userId,
    quizName: 'Pricing Basics',
    quizId: `quiz-${run}`,
    score: 4,
    maxScore: 10,
    passed: false,
  }),
  demo: {
    person: 'quentin',
    lastStep: 'notifyManager',
    effects: [{ step: 'notifyManager', mailTo: 'manager', subjectStarts: 'Coaching needed' }],
  },
});

export type QuizSubmitted = z.infer<typeof quizSubmitted.schema>;
