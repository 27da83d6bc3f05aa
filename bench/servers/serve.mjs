// What every peer has in common: the way in that a careful person writes in an afternoon. Express 5, the raw body, one
// HMAC, one parse; then `store`, and 200 once that has resolved.
import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';

const { PORT, SECRET } = process.env;

/**
 * `store`: resolves once the event is durable. `completed`: how many were worked off, where this process knows it.
 */
export function serve(store, completed = () => 0) {
  const app = express().disable('x-powered-by').disable('etag');
  app.post('/webhooks/mindtickle', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
    const given = Buffer.from(request.get('x-mt-webhook-signature') ?? '', 'hex');
    const expected = createHmac('sha256', SECRET)
      .update(`${request.get('x-mt-webhook-timestamp')}:`)
      .update(request.body)
      .digest();
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      response.sendStatus(403);
      return;
    }
    await store(request.get('x-mt-event-id'), JSON.parse(request.body.toString('utf8')), request.body);
    response.json({ received: true });
  });
  app.get('/completed', async (_request, response) => void response.json(await completed()));
  app.listen(Number(PORT), '127.0.0.1');
}
