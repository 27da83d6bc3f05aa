import { createHash } from 'node:crypto';
import type { Connector, ConnectorDeps } from '../../../activities/connector';
import { createHttp } from '../../../activities/http';
import { createWrite, type StepContext } from '../../../activities/write-once';
import type { System } from '../../../src/domain';

export interface Badge {
  readonly userId: string;
  readonly email: string;
  readonly courseId: string;
  readonly courseName: string;
}

export interface BadgeActivities {
  /** One badge per learner and course: a retake writes the same one. */
  awardBadge(context: StepContext, badge: Badge): Promise<'done' | 'observed'>;
}

const system = 'badges' as string as System;

/**
 * A badge platform: `PUT /awards/{id}` makes the award of this id, or writes the same over it.
 * @throws `badges.unavailable` and `ledger.unavailable` (retry), `badges.rejected`.
 */
export function connect(
  settings: { readonly url: string; readonly token: () => string },
  { pool, ...deps }: ConnectorDeps,
): Connector<BadgeActivities> {
  const headers = (): Record<string, string> => ({ authorization: `Bearer ${settings.token()}` });
  const http = createHttp({ system, baseUrl: settings.url, headers, write: createWrite(system, pool), ...deps });
  return {
    activities: {
      awardBadge: async (context, { userId, email, courseId, courseName }) => {
        const id = createHash('sha256')
          .update(JSON.stringify([userId, courseId]))
          .digest('hex');
        const written = await http.write(
          // The ledger keeps these: ids alone.
          { context, naturalKey: `award:${id}`, would: { course: courseId } },
          { method: 'PUT', path: `/awards/${id}`, body: { learner: email, title: courseName }, call: 'award a badge' },
        );
        return written === 'observed' ? 'observed' : 'done';
      },
    },
    checks: [() => http.read({ method: 'GET', path: '/awards?limit=1', call: 'list awards' })],
  };
}
