import { createHash } from 'node:crypto';
import type { StepContext } from '../../../activities/write-once';
import type { Http } from '../../../activities/http';

export interface Badge {
  readonly userId: string;
  readonly email: string;
  readonly courseId: string;
  readonly courseName: string;
}

export interface BadgeActivities {
  /** One badge a learner and course: a retake writes the same one. */
  awardBadge(context: StepContext, badge: Badge): Promise<'done' | 'observed'>;
}

/**
 * A badge platform: `PUT /awards/{id}` makes the award of this id, or writes the same over it.
 * @throws `badges.unavailable` and `ledger.unavailable` (retry), `badges.rejected`.
 */
export function createBadgeActivities(http: Http): BadgeActivities {
  return {
    awardBadge: async (context, { userId, email, courseId, courseName }) => {
      const id = createHash('sha256')
        .update(JSON.stringify([userId, courseId]))
        .digest('hex');
      const written = await http.write(
        // Kept in the ledger: ids alone.
        { context, naturalKey: `award:${id}`, would: { course: courseId } },
        { method: 'PUT', path: `/awards/${id}`, body: { learner: email, title: courseName } },
      );
      return written === 'observed' ? 'observed' : 'done';
    },
  };
}
