import { signDelivery } from '../src/dev/mindtickle';

export const SECRET = 'only-the-bench-signs-with-this-and-nothing-else';
export const COMPANY = 'acme';

/** One signed request, whole. */
export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One in so many comes again, with the same bytes. */
const DUPLICATE_EVERY = 10;
const LEARNERS = 500;

/** `count` deliveries of `module.progress`, some 300 bytes each, whose ids begin with `run`. A tenth came before. */
export function progressDeliveries(run: string, count: number): readonly Signed[] {
  const made: Signed[] = [];
  for (let number = 0; number < count; number += 1) {
    const before = number % DUPLICATE_EVERY === DUPLICATE_EVERY - 1 ? made[number - 5] : undefined;
    made.push(before ?? progress(run, number));
  }
  return made;
}

/** How many different events there are among so many deliveries. */
export function eventsAmong(count: number): number {
  return count - Math.floor(count / DUPLICATE_EVERY);
}

function progress(run: string, number: number): Signed {
  const data = {
    userId: `learner-${number % LEARNERS}`,
    moduleName: 'Objection handling: what to say when the price is too high',
    moduleId: `module-${run}-${number}`,
    progressPct: number % 101,
    timeSpentSec: 900,
    seriesName: 'Enterprise sales, second quarter',
    startedFrom: 'the mobile application',
  };
  return sign(`${run}-${number}`, 'module.progress', data);
}

export function departureDelivery(eventId: string, userId: string): Signed {
  const data = {
    userId,
    email: `${userId}@bench.example`,
    reason: 'terminated',
    deprovisionedAt: new Date().toISOString(),
  };
  return sign(eventId, 'user.deprovisioned', data);
}

export function sign(eventId: string, event: string, data: object): Signed {
  const body = JSON.stringify({ event, companyId: COMPANY, data });
  const timestamp = String(Date.now());
  const headers = {
    'content-type': 'application/json',
    'x-mt-webhook-signature': signDelivery({ body, secret: SECRET, timestamp }),
    'x-mt-webhook-timestamp': timestamp,
    'x-mt-event-id': eventId,
  };
  return { headers, body };
}
