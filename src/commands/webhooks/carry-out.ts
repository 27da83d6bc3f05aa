import { storeWebhook } from '../../ledger';
import type { Answer, RemoteWebhook, WantedWebhook, WebhookAction, WebhookClient } from '../../webhooks';
import { byHand } from './by-hand';
import { readOwn, type WebhooksContext } from './context';
import { recorded } from './recorded';

/** What came of a plan. */
export interface Outcome {
  readonly ok: boolean;
  readonly webhookId: string | null;
  readonly actions: readonly WebhookAction[];
  /** What is known and what cannot be known, a sentence each. */
  readonly notes: readonly string[];
  /** What to enter, where no call does it. */
  readonly byHand: string | null;
}

interface Work {
  readonly context: WebhooksContext;
  readonly client: WebhookClient;
  readonly wanted: WantedWebhook;
  readonly base: Outcome | Omit<Outcome, 'ok'>;
}

/** Do what the plan says, one after the other; the ledger knows the webhook when all is done. */
export async function carryOut(actions: readonly WebhookAction[], work: Work): Promise<Outcome> {
  let webhookId = work.base.webhookId;
  for (const action of actions) {
    const done = await carryOutOne(action, work);
    if (!done.ok) return { ...work.base, ok: false, notes: [...work.base.notes, ...done.notes], byHand: done.byHand };
    webhookId = done.webhookId;
  }
  const { pool, actor } = work.context;
  if (actions.length > 0) await storeWebhook(pool, { webhookId, ...work.wanted, by: actor });
  return { ...work.base, ok: true, webhookId };
}

type Done =
  | { readonly ok: true; readonly webhookId: string }
  | { readonly ok: false; readonly notes: readonly string[]; readonly byHand: string | null };

async function carryOutOne(action: WebhookAction, { context, client, wanted }: Work): Promise<Done> {
  switch (action.do) {
    case 'adopt':
      return { ok: true, webhookId: action.id };
    case 'create': {
      const made = await recorded(context, { step: 'registerWebhook', about: wanted.url, would: { ...wanted } }, () =>
        client.create(wanted),
      );
      if (made.ok) return { ok: true, webhookId: made.value.id };
      return refused(made, wanted);
    }
    case 'reactivate': {
      const about = { step: 'reactivateWebhook', about: action.id, would: { status: 'active' } };
      const answer = await recorded(context, about, () => client.reactivate(action.id));
      return answer.ok ? { ok: true, webhookId: action.id } : { ok: false, notes: [answer.says], byHand: null };
    }
    case 'change':
      return change(action, { context, client, wanted });
  }
}

function refused(answer: Answer<unknown> & { readonly ok: false }, wanted: WantedWebhook): Done {
  if (answer.why === 'unsupported')
    return {
      ok: false,
      notes: [`${answer.says} This tenant does not have the management API.`],
      byHand: byHand(wanted),
    };
  const isUncertain = answer.why === 'unclear' || answer.status === null;
  const also = isUncertain
    ? [
        'It may have been made all the same: look with `mt webhooks list`, or in Admin > Integrations, before the next try.',
      ]
    : [];
  return { ok: false, notes: [answer.says, ...also], byHand: null };
}

/** No documentation has it, so it is looked at afterwards. What did not come about has to be entered by hand. */
async function change(
  { id, url, events }: WebhookAction & { readonly do: 'change' },
  { context, client, wanted }: Pick<Work, 'context' | 'client' | 'wanted'>,
): Promise<Done> {
  const changes = { ...(url !== undefined && { url }), ...(events !== undefined && { events }) };
  const answer = await recorded(context, { step: 'changeWebhook', about: id, would: changes }, () =>
    client.change(id, changes),
  );
  const now = await readOwn(client, id);
  if (answer.ok && now.ok && isAsWanted(now.value, changes)) return { ok: true, webhookId: id };
  const why = answer.ok
    ? 'MindTickle was asked to change it (no documentation has that call), and whether it did cannot be seen.'
    : answer.says;
  const instead = now.ok ? 'MindTickle was asked to change it, and did not: no documentation has that call.' : why;
  return { ok: false, notes: [answer.ok ? instead : why], byHand: byHand(wanted) };
}

function isAsWanted({ url, events }: RemoteWebhook, changes: Partial<WantedWebhook>): boolean {
  return (
    (changes.url === undefined || url === changes.url) &&
    (changes.events === undefined || changes.events.every((event) => events?.includes(event)))
  );
}
