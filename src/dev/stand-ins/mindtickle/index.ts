import express, { type Router } from 'express';
import { z } from 'zod';
import { sendProblem } from '../../../http';
import { html, marked, messages, table, type Html } from '../html';
import type { HttpStandIn, SystemContext } from '../system';
import { managementApi } from './api';
import { createJournal, type Journal } from './journal';
import { createSender, eventSchema, type Sender } from './sender';
import { DEFAULT_SETTINGS, settingsSchema, type CurrentSettings } from './settings';
import { createWebhooks, tenantSchema, type Tenant, type Webhooks } from './webhooks';

export type { JournalLine } from './journal';
export type { MindtickleSettings } from './settings';

/**
 * MindTickle: its management API at `/mindtickle/v2` behind the bearer token, and its sender. `/_mindtickle` steers it: PUT its
 * settings, POST `/_mindtickle/events` what happened, GET `/_mindtickle/journal?from=` what was sent and answered, POST
 * `/_mindtickle/webhooks/<id>/suspend` suspends one at once.
 */
export function mindtickle(context: SystemContext): HttpStandIn<Tenant> {
  const tenant = context.open<Tenant>(tenantSchema, () => ({ webhooks: [], mails: [] }));
  let current: CurrentSettings = DEFAULT_SETTINGS;
  const settings = (): CurrentSettings => current;
  const webhooks = createWebhooks(tenant, context.now);
  const journal = createJournal();
  const sender = createSender({ ...context, webhooks, settings, journal });
  return {
    protocols: [managementApi({ webhooks, settings, token: context.token, onActivated: sender.forgetFailures })],
    clientPath: '',
    control: steering({
      webhooks,
      sender,
      journal,
      settings,
      change: (changes) => (current = { ...current, ...changes }),
    }),
    state: () => tenant.read(),
    card: () => card(tenant.read()),
  };
}

const eventsBody = z.object({ events: z.array(eventSchema).max(1000), webhookId: z.string().optional() });

interface Steering {
  readonly webhooks: Webhooks;
  readonly sender: Sender;
  readonly journal: Journal;
  readonly settings: () => CurrentSettings;
  readonly change: (changes: Partial<CurrentSettings>) => void;
}

function steering({ webhooks, sender, journal, settings, change }: Steering): Router {
  const shown = (): object => ({ ...settings(), secret: undefined });
  return express
    .Router()
    .use(express.json({ type: () => true, limit: '4mb' }))
    .get('/', (_request, response) => void response.json(shown()))
    .put('/', (request, response) => {
      const wanted = settingsSchema.safeParse(request.body);
      if (wanted.success) {
        change(defined(wanted.data));
        response.json(shown());
      } else sendProblem(request, response, problemOf(wanted.error));
    })
    .post('/events', (request, response) => {
      const wanted = eventsBody.safeParse(request.body);
      if (wanted.success) {
        for (const event of wanted.data.events) sender.send(event, wanted.data.webhookId);
        response.status(202).json({ accepted: wanted.data.events.length });
      } else sendProblem(request, response, problemOf(wanted.error));
    })
    .post('/webhooks/:id/suspend', (request, response) => {
      const webhook = webhooks.find(request.params.id);
      if (webhook === undefined) sendProblem(request, response, { status: 404, detail: 'There is no such webhook' });
      else {
        webhooks.suspend(webhook.webhookId, settings().adminEmail);
        response.sendStatus(204);
      }
    })
    .get('/journal', ({ query }, response) => {
      response.json(journal.from(z.coerce.number().int().min(0).catch(0).parse(query['from'])));
    });
}

function problemOf(error: z.ZodError): { readonly status: number; readonly detail: string } {
  return { status: 400, detail: z.prettifyError(error) };
}

/** Without the fields that are there and undefined. */
function defined(changes: z.infer<typeof settingsSchema>): Partial<CurrentSettings> {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function card({ webhooks, mails }: Tenant): Html {
  const subscriptions = table({
    caption: 'Webhooks',
    columns: [{ label: 'Webhook' }, { label: 'Status' }, { label: 'Events' }],
    rows: webhooks.map(({ webhookId, url, status, events }) => [
      html`${url}<small>${webhookId}</small>`,
      marked(status, status === 'active'),
      events.map((event) => html`<span class="tag">${event}</span> `),
    ]),
  });
  const sent = mails.map(({ to, subject, text, at }, index) => ({
    key: `${index} ${at}`,
    title: subject,
    about: [`to ${to} · ${at}`],
    text,
  }));
  return html`${subscriptions}${messages(sent)}`;
}
