import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { DAY, HOUR, isoTime } from '../../src/domain';
import { events, type Delivery, type Envelope, type EventName, type Problem } from '../../src/events';

type EventData<Event extends EventName> = z.infer<(typeof events)[Event]['schema']>;

const LEARNER = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', run: 'test' };

/** Short names of what tests look for, in place of the descriptors' own. */
const NAMES: { readonly [Event in EventName]?: (now: number) => Partial<EventData<Event>> } = {
  'course.completed': () => ({
    courseName: 'Discovery',
    courseId: 'c1',
    score: 80,
    completedAt: '2026-11-01T10:00:00Z',
  }),
  'quiz.submitted': () => ({ quizName: 'Pricing', quizId: 'q1', score: 2 }),
  'user.deprovisioned': (now) => ({ deprovisionedAt: isoTime(now - HOUR) }),
  'module.progress': () => ({ moduleName: 'Objections', moduleId: 'm1', timeSpentSec: 60 }),
  'certification.expired': (now) => ({
    certName: 'Sales',
    expiredAt: isoTime(now - DAY),
    renewalDeadline: isoTime(now + 40 * DAY),
  }),
};

/** What is read of an event of the learner `u1`. A test passes in `change` what it is about. `now` in epoch ms. */
export function dataOf<Event extends EventName>(event: Event, change: object = {}, now = 0): EventData<Event> {
  const data = { ...events[event].sample({ ...LEARNER, now }), ...NAMES[event]?.(now), ...change };
  return events[event].schema.parse(data) as EventData<Event>;
}

export function envelopeOf<Of>(event: string, data: Of): Envelope<Of> {
  return { event, data, companyId: 'acme' };
}

/** The delivery of an event, signed and received at `at`, epoch ms; its digests are those of no other event id and body. */
export function deliveryOf(
  eventId: string,
  { event, data }: { readonly event: string | null; readonly data?: unknown },
  { at, problem }: { readonly at: number; readonly problem?: Problem | undefined },
): Delivery {
  const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    eventId,
    event,
    signedAt: isoTime(at),
    receivedAt: isoTime(at),
    signatureDigest: digestOf(eventId),
    bodyDigest: digestOf(JSON.stringify(data ?? null)),
    ...(problem && { problem }),
  };
}
