import { z } from 'zod';
import { deliveryMinutes, recentDeliveries, summariseRefusals } from '../../ledger';
import { defineOperation, type Operation } from '../operation';
import type { ViewDeps } from './deps';
import { receiverStatus } from './receivers';

const RECENT = 100;
const REFUSALS = 100;

const output = z.object({
  minutes: z.array(z.object({ at: z.string(), accepted: z.number(), duplicates: z.number(), refused: z.number() })),
  refusals: z.array(
    z.object({
      rule: z.string(),
      cause: z.string(),
      count: z.number(),
      lastAt: z.string(),
      address: z.string(),
      /** What is likely the case, and what to do about it. */
      advice: z.string().nullable(),
    }),
  ),
  recent: z.array(
    z.object({
      eventId: z.string(),
      event: z.string().nullable(),
      receivedAt: z.string(),
      outcome: z.string().nullable(),
      userId: z.string().nullable(),
      workflowId: z.string(),
    }),
  ),
  lastAt: z.string().nullable(),
  receivers: z.array(receiverStatus),
});

export function createDeliveryOperations({ pool, receivers, adviseOn }: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'showDeliveries',
      method: 'GET',
      path: '/api/deliveries',
      role: 'viewer',
      summary: 'What came in the last hour, what was refused in the last day and why, and how the receivers are.',
      input: z.object({}),
      output,
      topics: ['receipts', 'refusals'],
      handle: async () => {
        const [minutes, refusals, recent, asked] = await Promise.all([
          deliveryMinutes(pool),
          summariseRefusals(pool, REFUSALS),
          recentDeliveries(pool, RECENT),
          receivers(),
        ]);
        return {
          minutes: [...minutes],
          refusals: refusals.map((refusal) => ({ ...refusal, advice: adviseOn(refusal.cause) ?? null })),
          recent: [...recent],
          lastAt: recent[0]?.receivedAt ?? null,
          receivers: [...asked],
        };
      },
    }),
  ];
}
