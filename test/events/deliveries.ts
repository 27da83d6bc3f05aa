import { createHash } from 'node:crypto';
import { DAY, HOUR, isoTime } from '../../src/domain';
import type { Delivery, Envelope, EventName, Problem } from '../../src/events';

const person = { userId: 'u1', email: 'rita@example.com' };

type Data = Readonly<Record<string, unknown>> & { readonly userId: string };

const DATA: Readonly<Record<EventName, (now: number) => Data>> = {
  'course.completed': () => ({
    userId: 'u1',
    courseName: 'Discovery',
    courseId: 'c1',
    score: 80,
    completedAt: '2026-11-01T10:00:00Z',
  }),
  'quiz.submitted': () => ({
    userId: 'u1',
    quizName: 'Pricing',
    quizId: 'q1',
    score: 2,
    maxScore: 10,
    passed: false,
  }),
  'user.provisioned': () => ({ ...person, role: 'rep', teamId: 't1', provisionedBy: 'scim' }),
  'user.deprovisioned': (now) => ({ ...person, reason: 'terminated', deprovisionedAt: isoTime(now - HOUR) }),
  'module.progress': () => ({
    userId: 'u1',
    moduleName: 'Objections',
    moduleId: 'm1',
    progressPct: 40,
    timeSpentSec: 60,
  }),
  'certification.expired': (now) => ({
    userId: 'u1',
    certName: 'Sales',
    expiredAt: isoTime(now - DAY),
    renewalDeadline: isoTime(now + 40 * DAY),
  }),
};

/** What an event says of the learner `u1`. A test passes in `change` what it is about. `now` in epoch ms. */
export function dataOf(event: EventName, change: object = {}, now = 0): Data {
  return { ...DATA[event](now), ...change };
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
