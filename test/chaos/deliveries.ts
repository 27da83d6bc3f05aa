import { createHash } from 'node:crypto';

/** One delivery that is to be sent, with everything but the time of its signature. */
export interface Planned {
  readonly eventId: string;
  /** Of the envelope; null: the body has none to read. */
  readonly event: string | null;
  readonly body: string;
  readonly signature: 'right' | 'wrong' | 'missing';
  /** Deliveries that share it carry one signature: a delivery and its replays, or an attempt that is not signed again. */
  readonly signedAs: string;
  /** Natural keys of what this event makes downstream when it runs, as `effectsIn` finds them at the stand-ins. */
  readonly effects: readonly string[];
}

export const COMPANY = 'acme';

/** The learner `u1` has the address `u1@chaos.example`. */
export const MAIL_DOMAIN = 'chaos.example';
export const ADMINISTRATOR = `admin@${MAIL_DOMAIN}`;

/** Before any signature of these tests. */
const HAPPENED_AT = '2026-01-15T09:00:00Z';

export const certificateOf = (userId: string, courseId: string): string => `certificate ${userId} ${courseId}`;
export const freezeOf = (userId: string): string => `freeze ${userId}`;
export const reportOf = (userId: string): string => `report ${userId}`;
export const courseNameOf = (courseId: string): string => `Course ${courseId}`;

export function completion(eventId: string, userId: string, courseId: string, score: number): Planned {
  const data = { userId, courseName: courseNameOf(courseId), courseId, score, completedAt: HAPPENED_AT };
  return planned(eventId, 'course.completed', data, [certificateOf(userId, courseId)]);
}

export function progress(eventId: string, userId: string, moduleId: string, progressPct: number): Planned {
  const data = { userId, moduleName: `Module ${moduleId}`, moduleId, progressPct, timeSpentSec: 60 };
  return planned(eventId, 'module.progress', data, []);
}

export function departure(eventId: string, userId: string): Planned {
  const data = { userId, email: `${userId}@${MAIL_DOMAIN}`, reason: 'terminated', deprovisionedAt: HAPPENED_AT };
  return planned(eventId, 'user.deprovisioned', data, [freezeOf(userId), reportOf(userId)]);
}

/** Signed, and of an event that nobody knows: quarantine. */
export function unknownEvent(eventId: string, userId: string): Planned {
  return planned(eventId, 'unknown.event', { userId, badgeName: `Badge ${eventId}` }, []);
}

/** Signed, and no JSON: quarantine. */
export function unreadable(eventId: string): Planned {
  return { eventId, event: null, body: `not JSON ${eventId}`, signature: 'right', signedAs: eventId, effects: [] };
}

function planned(eventId: string, event: string, data: object, effects: readonly string[]): Planned {
  const body = JSON.stringify({ event, data, companyId: COMPANY });
  return { eventId, event, body, signature: 'right', signedAs: eventId, effects };
}

export function digestOf(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}
