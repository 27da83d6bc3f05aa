import type { Pool } from 'pg';
import {
  incidentChanges,
  isoTime,
  judgeWebhook,
  noticeOfBegin,
  noticeOfEnd,
  reactivation,
  type RemoteFacts,
  type WebhookFacts,
  type WebhookHealth,
} from '../../src/domain';
import {
  beginEffect,
  changeIncidents,
  dueWebhookNotices,
  finishEffect,
  firstDeliveryAfter,
  markWebhookNotified,
  observeWebhook,
  openIncidents,
  REACTIVATE_STEP,
  readWebhookFacts,
  webhookWorkflowId,
  type WebhookNotice,
} from '../../src/ledger';
import type { Answer, WebhookClient } from '../../src/webhooks';
import { askLedger } from '../failure';

/** What was found, and what people do not know yet. */
export interface WebhookWatched {
  readonly status: WebhookHealth['status'];
  /** What is wrong, a sentence each; else what is known. */
  readonly says: readonly string[];
  readonly reactivated: boolean;
  readonly notices: readonly WebhookNotice[];
}

export interface WebhookActivities {
  /**
   * Look at the webhook: what came, what MindTickle says, whether the receiver is ready. A suspended one is re-activated
   * when that can do good. @throws `ledger.unavailable` (retries).
   */
  watchWebhook(): Promise<WebhookWatched>;
  /** People were notified. */
  markWebhookNotified(notice: Pick<WebhookNotice, 'incidentId' | 'what'>): Promise<void>;
}

export interface WebhookDeps {
  readonly pool: Pool;
  /** Undefined: no token is set, and MindTickle is not asked. */
  readonly client: () => WebhookClient | undefined;
  readonly isReceiverReady: (webhookUrl: string) => Promise<boolean>;
  /** Of MINDTICKLE_WEBHOOK_ID. */
  readonly webhookId: string | undefined;
}

export function createWebhookActivities(deps: WebhookDeps): WebhookActivities {
  const { pool } = deps;
  return {
    watchWebhook: () => askLedger(() => watch(deps)),
    markWebhookNotified: (notice) => askLedger(() => markWebhookNotified(pool, notice)),
  };
}

async function watch(deps: WebhookDeps): Promise<WebhookWatched> {
  const { pool, webhookId } = deps;
  const before = await readWebhookFacts(pool, webhookId);
  await observeWebhook(pool, await observe(before, deps));
  const seen = await readWebhookFacts(pool, webhookId);
  const healing = await heal(seen, deps);
  const facts = healing.reactivated ? await readWebhookFacts(pool, webhookId) : seen;
  // What begins is judged as it was found: people hear of the suspension and that it is healed in one message.
  await keepIncidents(pool, { begun: seen, now: facts, healing });
  const { status, faults, notes } = judgeWebhook(facts);
  return {
    status,
    says: faults.length === 0 ? notes : faults.map(({ says }) => says),
    reactivated: healing.reactivated,
    notices: await dueWebhookNotices(pool),
  };
}

/** What was received since the last look says more than any question. */
function isProven({ deliveries, receiver }: WebhookFacts): boolean {
  return receiver.readyAt !== null && (deliveries.lastAt ?? 0) > receiver.readyAt;
}

async function observe(
  facts: WebhookFacts,
  { client, isReceiverReady }: WebhookDeps,
): Promise<Parameters<typeof observeWebhook>[1]> {
  const asked = client();
  const { id = null, url = null } = facts.webhook ?? {};
  const isReady = url === null ? null : isProven(facts) || (await isReceiverReady(url));
  return { remote: asked === undefined || id === null ? null : await askRemote(asked, id, facts.now), isReady };
}

/** By itself, else from the list: neither call is documented. */
async function askRemote(client: WebhookClient, id: string, at: number): Promise<RemoteFacts> {
  const shown = await client.show(id);
  if (shown.ok) return { at, status: shown.value.status, events: shown.value.events, problem: null };
  if (shown.why !== 'missing' && shown.why !== 'unsupported') return unknownAt(at, shown);
  const listed = await client.list();
  if (!listed.ok) return unknownAt(at, listed);
  const found = listed.value.find((each) => each.id === id);
  return { at, status: found?.status ?? 'gone', events: found?.events ?? null, problem: null };
}

function unknownAt(at: number, { why, status }: Answer<unknown> & { readonly ok: false }): RemoteFacts {
  const isAbsent = why === 'unsupported' || why === 'missing' || status === 403;
  const problem = isAbsent ? 'unsupported' : why === 'refused' ? 'refused' : 'unavailable';
  return { at, status: 'unknown', events: null, problem };
}

interface Healing {
  readonly reactivated: boolean;
  /** What is done about it by ourselves, or why not; null: nothing has to be. */
  readonly note: string | null;
}

/** Re-activate it when that is due. The row in the audit is there before the call, and counts for the pause to the next. */
async function heal(facts: WebhookFacts, { pool, client }: WebhookDeps): Promise<Healing> {
  const decision = reactivation(facts);
  if (decision === null) return { reactivated: false, note: null };
  if (!decision.may) return { reactivated: false, note: decision.why };
  const id = facts.webhook?.id ?? '';
  const asked = client();
  if (asked === undefined)
    return { reactivated: false, note: 'It is not re-activated by itself: MINDTICKLE_API_TOKEN is not set.' };
  const workflowId = webhookWorkflowId(id);
  const key = { workflowId, step: REACTIVATE_STEP, system: 'mindtickle', naturalKey: `${id} ${isoTime(facts.now)}` };
  await beginEffect(pool, {
    ...key,
    eventId: workflowId,
    userId: null,
    mode: 'on',
    would: { status: 'active' },
    actor: 'mindtickle housekeeping',
    reason: 'it was suspended, and the receiver is ready',
  });
  const answer = await asked.reactivate(id);
  await finishEffect(pool, key, {
    status: answer.ok ? 'done' : 'failed',
    ...(!answer.ok && { result: { refused: answer.says } }),
  });
  if (!answer.ok) return { reactivated: false, note: `It was to be re-activated, and was not: ${answer.says}` };
  await observeWebhook(pool, { remote: await askRemote(asked, id, facts.now), isReady: true });
  return {
    reactivated: true,
    note: 'Our receiver is ready, so it was re-activated. Another message says when the first delivery has come.',
  };
}

async function keepIncidents(
  pool: Pool,
  {
    begun: seen,
    now,
    healing,
  }: { readonly begun: WebhookFacts; readonly now: WebhookFacts; readonly healing: Healing },
): Promise<void> {
  const open = await openIncidents(pool);
  const { begun } = incidentChanges(open, judgeWebhook(seen), seen.deliveries.lastAt);
  const { over, absorbed } = incidentChanges(open, judgeWebhook(now), now.deliveries.lastAt);
  const ended = over.map(async (incident) => ({
    id: incident.id,
    notice: noticeOfEnd(incident, await firstDeliveryAfter(pool, incident.lastAt), now.now),
  }));
  await changeIncidents(pool, {
    begun: begun.map(({ todo, ...incident }) => {
      const { note, reactivated }: Healing =
        incident.kind === 'suspended' ? healing : { note: null, reactivated: false };
      // What is done already is not left to do.
      return { ...incident, notice: noticeOfBegin({ ...incident, todo: reactivated ? [] : todo }, note) };
    }),
    over: [...(await Promise.all(ended)), ...absorbed.map(({ id }) => ({ id, notice: null }))],
  });
}
