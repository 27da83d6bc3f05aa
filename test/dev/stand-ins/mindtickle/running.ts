import type { MindtickleSettings } from '../../../../src/dev/stand-ins/mindtickle';
import { send, start, stateOf, TOKEN } from '../running';

/** A MindTickle for a test. */
export interface Mindtickle {
  /** For `MINDTICKLE_API_URL`; `/v2/webhooks` is under it. */
  readonly apiUrl: string;
  /** For `MINDTICKLE_API_TOKEN`. */
  readonly token: string;
  /** One call of the management API, with the token; `path` such as `/v2/webhooks`. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<Response>;
  /** Change how it behaves; what is left out stays as it is. */
  readonly set: (settings: MindtickleSettings) => Promise<void>;
  /** Send these events to all webhooks that want them, as if they had happened. */
  readonly happen: (...events: readonly { eventId: string; event: string; data: unknown }[]) => Promise<void>;
  /** Suspend a webhook as 24 h of failures do. */
  readonly suspend: (webhookId: string) => Promise<void>;
  /** What it holds: webhooks with their status, e-mails to its administrator. */
  readonly state: () => Promise<Awaited<ReturnType<typeof stateOf>>['mindtickle']>;
  /** What the sender did until now. */
  readonly journal: () => Promise<readonly unknown[]>;
}

/**
 * Start a MindTickle in this process, on a free port of loopback. `afterEach(stopAll)` of `../running` ends it.
 *
 *     const mindtickle = await startMindtickle({ undocumentedCalls: '405' });
 *     const client = createWebhooksClient({ url: mindtickle.apiUrl, token: mindtickle.token });
 *     await mindtickle.set({ api: false });                      // a tenant without the API: 404 to every call
 *     await mindtickle.set({ callsPerMinute: 1 });               // then 429 with Retry-After
 *     await mindtickle.set({ secret: 'whsec_…', compression: 1e6, reachable: false });
 *     await mindtickle.happen({ eventId: 'e-1', event: 'quiz.submitted', data: {} });
 *     await mindtickle.suspend(webhookId);                       // as 24 h of failures do, with the e-mail
 *
 * `PUT <url>/_faults/mindtickle`, by `setFault` of `../running`, makes it down, slow or lose an answer, as any other stand-in.
 */
export async function startMindtickle(settings: MindtickleSettings = {}): Promise<Mindtickle> {
  const standIns = await start();
  const set = async (changes: MindtickleSettings): Promise<void> => {
    const { ok, status } = await send(standIns, 'PUT', '/_mindtickle', changes);
    if (!ok) throw new Error(`the settings were answered ${status}`);
  };
  await set(settings);
  return {
    apiUrl: `${standIns.url}/mindtickle`,
    token: TOKEN,
    call: (method, path, body) => send(standIns, method, `/mindtickle${path}`, body),
    set,
    happen: async (...events) => {
      await send(standIns, 'POST', '/_mindtickle/events', { events });
    },
    suspend: async (webhookId) => {
      await send(standIns, 'POST', `/_mindtickle/webhooks/${webhookId}/suspend`);
    },
    state: async () => (await stateOf(standIns)).mindtickle,
    journal: async () => {
      const { lines } = (await (await send(standIns, 'GET', '/_mindtickle/journal')).json()) as { lines: unknown[] };
      return lines;
    },
  };
}
