import { z } from 'zod';
import { deliver } from '../../mindtickle';
import type { Journal, Outcome } from './journal';
import type { CurrentSettings } from './settings';
import type { Webhook, Webhooks } from './webhooks';

export const eventSchema = z.object({ eventId: z.string().min(1), event: z.string().min(1), data: z.unknown() });

export type SentEvent = z.infer<typeof eventSchema>;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Between an attempt that failed and the next one; after the last one the delivery is given up. */
const RETRY_WAITS_MS: readonly number[] = [5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS];

const SUSPENDED_AFTER_MS = 24 * HOUR_MS;

export interface SenderOptions {
  readonly webhooks: Webhooks;
  readonly settings: () => CurrentSettings;
  readonly journal: Journal;
  /** Resolves after so many ms; rejects when the stand-ins stop first. */
  readonly wait: (ms: number) => Promise<unknown>;
  readonly now: () => Date;
  /** Monotonic, in ms. */
  readonly elapsed?: () => number;
}

export interface Sender {
  /** Something happened at MindTickle: send it to every webhook, or to the one named. */
  readonly send: (event: SentEvent, webhookId?: string) => void;
  /** The failures before now do not count any more. */
  readonly forgetFailures: (webhookId: string) => void;
}

/**
 * MindTickle's sender. Written from the contract alone, and it knows nothing of the receiver: any answer but a 2xx is a failure,
 * tried again up to four times. Failures without a success between them suspend the webhook after 24 h. What falls due while
 * it is suspended is not sent, then or later: nothing says that MindTickle would.
 */
export function createSender(options: SenderOptions): Sender {
  const { webhooks, journal } = options;
  const failures = createFailures(options);

  const send = async ({ eventId, event, data }: SentEvent, { webhookId, companyId }: Webhook): Promise<Outcome> => {
    const body = JSON.stringify({ event, data, companyId });
    let timestamp: string | undefined;
    for (const waitMs of [0, ...RETRY_WAITS_MS]) {
      if (waitMs > 0) await options.wait(waitMs / options.settings().compression);
      const webhook = webhooks.find(webhookId);
      if (webhook?.status !== 'active') return 'not sent';
      if (timestamp === undefined || options.settings().resign) timestamp = unixSeconds(options.now());
      const status = await attempt({ eventId, event, data, body, timestamp }, webhook, options);
      if (status !== null && status >= 200 && status < 300) {
        failures.clear(webhookId);
        return 'delivered';
      }
      failures.count(webhookId);
    }
    return 'given up';
  };

  return {
    send: (event, only) => {
      const { eventId } = event;
      for (const webhook of webhooks.all().filter(({ webhookId }) => only === undefined || webhookId === only)) {
        const { webhookId } = webhook;
        const isWanted = webhook.events.includes(event.event) && webhook.status === 'active';
        const sent = isWanted ? send(event, webhook) : Promise.resolve<Outcome>('not sent');
        void sent.then(
          (outcome) => journal.add({ kind: 'end', eventId, webhookId, outcome }),
          // Only when the stand-ins stop: then nobody waits for it.
          () => undefined,
        );
      }
    },
    forgetFailures: failures.clear,
  };
}

function unixSeconds(at: Date): string {
  return String(Math.floor(at.getTime() / 1000));
}

/** @returns the status; null: no answer. */
async function attempt(
  sent: SentEvent & { readonly body: string; readonly timestamp: string },
  { url, companyId, webhookId }: Webhook,
  { settings, journal, now }: SenderOptions,
): Promise<number | null> {
  const { reachable, secret } = settings();
  const at = now().toISOString();
  const begunAt = performance.now();
  const answer =
    reachable && secret !== undefined ? await deliver({ ...sent, url, companyId, secret }).catch(() => null) : null;
  const ms = Math.round(performance.now() - begunAt);
  const status = answer?.status ?? null;
  journal.add({ kind: 'attempt', eventId: sent.eventId, webhookId, at, status, ms, answer: answer?.body ?? null });
  return status;
}

/** Since when each webhook has failed, and its suspension. */
function createFailures({ webhooks, settings, elapsed = () => performance.now() }: SenderOptions) {
  const since = new Map<string, number>();
  return {
    clear: (webhookId: string): void => void since.delete(webhookId),
    count: (webhookId: string): void => {
      const first = since.get(webhookId) ?? elapsed();
      since.set(webhookId, first);
      const { compression, adminEmail } = settings();
      if ((elapsed() - first) * compression < SUSPENDED_AFTER_MS || webhooks.find(webhookId)?.status !== 'active')
        return;
      webhooks.suspend(webhookId, adminEmail);
    },
  };
}
