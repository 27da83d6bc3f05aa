import { events, type Delivery, type Envelope, type EventName } from '../src/events';
import type { z } from 'zod';

type EventData<E extends EventName> = z.infer<(typeof events)[E]['schema']>;

/** A Monday, at nine in the morning. */
export const MONDAY = Date.parse('2026-03-02T09:00:00Z');

export const COMPANY = 'acme';

/** Data of the event, from its descriptor's sample, with `changes`. */
export function sampleData<E extends EventName>(event: E, changes: object = {}): EventData<E> {
  const learner = { userId: 'u1', email: 'u1@example.com', role: 'rep', teamId: 'west', run: 'test', now: MONDAY };
  return events[event].schema.parse({ ...events[event].sample(learner), ...changes }) as EventData<E>;
}

export function sampleEnvelope<E extends EventName>(event: E, changes: object = {}): Envelope<EventData<E>> {
  return { event, data: sampleData(event, changes), companyId: COMPANY };
}

/** One verified delivery, as its workflow gets it. */
export function sampleDelivery(event: EventName, changes: Partial<Delivery> = {}): Delivery {
  const { eventId = 'e1' } = changes;
  return {
    eventId,
    event,
    signedAt: '2026-03-02T09:00:00Z',
    receivedAt: '2026-03-02T09:00:01Z',
    signatureDigest: `signature of ${eventId}`,
    bodyDigest: `body of ${eventId}`,
    ...changes,
  };
}
