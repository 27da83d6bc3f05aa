import express, { type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { z } from 'zod';
import { Refusal, requireAuthorization, type Protocol } from '../protocol';
import type { CurrentSettings } from './settings';
import type { NewWebhook, Webhook, Webhooks } from './webhooks';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

const httpsUrl = z.url().refine(isReceiverUrl, 'https is required, unless the host is loopback');
const eventList = z.array(z.string().min(1)).min(1);
const newWebhook = z.object({ url: httpsUrl, events: eventList, companyId: z.string().min(1) });
const changes = z.object({ url: httpsUrl.optional(), events: eventList.optional() });

interface ApiOptions {
  readonly webhooks: Webhooks;
  readonly settings: () => CurrentSettings;
  readonly token: string;
  readonly onActivated: (webhookId: string) => void;
}

/**
 * The management API. Documented: `POST /v2/webhooks` answers 201 `{ webhookId }`, `PATCH /v2/webhooks/{id}` re-activates, whatever
 * its body. Not documented, and refused where the settings say so: GET of the list and of one, DELETE, and a PATCH's `url` and `events`.
 */
export function managementApi({ webhooks, settings, token, onActivated }: ApiOptions): Protocol {
  const documented: RequestHandler = (_request, _response, next) => {
    const { undocumentedCalls } = settings();
    if (undocumentedCalls === 'answered') next();
    else if (undocumentedCalls === '404') next(new Refusal(404, 'not-found', 'Not Found'));
    else next(new Refusal(405, 'method-not-allowed', 'Method Not Allowed'));
  };
  const hasApi: RequestHandler = (_request, _response, next) =>
    settings().api ? next() : next(new Refusal(404, 'not-found', 'Not Found'));
  const unauthorized = new Refusal(401, 'unauthorized', 'The bearer token is missing or wrong');

  const routes = express
    .Router()
    .use(hasApi, requireAuthorization(`Bearer ${token}`, unauthorized, 'Bearer'), limitRate(settings))
    .post('/webhooks', ({ body }, response) => {
      const { webhookId } = webhooks.add(parsed<NewWebhook>(newWebhook, body));
      response.status(201).json({ webhookId });
    })
    .patch('/webhooks/:id', ({ params, body }, response) => {
      const { webhookId } = known(webhooks, params.id);
      const { url, events } = settings().undocumentedCalls === 'answered' ? parsed(changes, body ?? {}) : {};
      webhooks.change(webhookId, {
        status: 'active',
        suspendedAt: null,
        ...(url !== undefined && { url }),
        ...(events !== undefined && { events }),
      });
      onActivated(webhookId);
      response.json({ webhookId, status: 'active' });
    })
    .get('/webhooks', documented, (_request, response) => void response.json({ webhooks: webhooks.all() }))
    .get(
      '/webhooks/:id',
      documented,
      ({ params }, response) => void response.json(known(webhooks, String(params['id']))),
    )
    .delete('/webhooks/:id', documented, ({ params }, response) => {
      webhooks.remove(known(webhooks, String(params['id'])).webhookId);
      response.sendStatus(204);
    });
  return {
    path: '/v2',
    routes,
    refuse: (response, { status, code, message }) => void response.status(status).json({ error: { code, message } }),
  };
}

function isReceiverUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.includes(hostname));
}

function known(webhooks: Webhooks, webhookId: string): Webhook {
  const webhook = webhooks.find(webhookId);
  if (webhook === undefined) throw new Refusal(404, 'not-found', 'There is no such webhook');
  return webhook;
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (!result.success) throw new Refusal(400, 'invalid', z.prettifyError(result.error));
  return result.data;
}

const MINUTE_MS = 60_000;

/** Of all callers together, with `X-RateLimit-*`, and `Retry-After` above it. */
function limitRate(settings: () => CurrentSettings): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: () => settings().callsPerMinute ?? 0,
    skip: () => settings().callsPerMinute === null,
    keyGenerator: () => 'tenant',
    handler: (_request, _response, next) => next(new Refusal(429, 'too-many-requests', 'Too many calls in a minute')),
  });
}
