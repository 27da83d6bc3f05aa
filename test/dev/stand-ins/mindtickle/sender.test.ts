import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { signDelivery } from '../../../../src/dev/mindtickle';
import type { JournalLine, MindtickleSettings } from '../../../../src/dev/stand-ins/mindtickle';
import { stopAll } from '../running';
import { startMindtickle, type Mindtickle } from './running';

const secret = 'whsec_0123456789abcdef';
/** A day in 86 ms. */
const compression = 1_000_000;
const event = { eventId: 'evt-1', event: 'quiz.submitted', data: { userId: 'mt-quentin' } };

let receiver: Server;
let url: string;
let got: { readonly headers: IncomingHttpHeaders; readonly body: string }[];
/** The answers to come; then 200. */
let answers: number[];

beforeEach(async () => {
  got = [];
  answers = [];
  receiver = createServer((request, response) => {
    void buffer(request).then((body) => {
      got.push({ headers: request.headers, body: body.toString() });
      response.writeHead(answers.shift() ?? 200).end('{"received":true}');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/mindtickle`;
});
afterEach(async () => {
  await stopAll();
  receiver.closeAllConnections();
  receiver.close();
});

async function subscribed(
  settings: MindtickleSettings = {},
  events: readonly string[] = ['quiz.submitted'],
): Promise<Mindtickle & { readonly webhookId: string }> {
  const mindtickle = await startMindtickle({ secret, compression, ...settings });
  const answer = await mindtickle.call('POST', '/v2/webhooks', { url, events, companyId: 'acme' });
  return { ...mindtickle, webhookId: ((await answer.json()) as { webhookId: string }).webhookId };
}

/** The journal once so many deliveries have come to their end. */
async function ended({ journal }: Mindtickle, count = 1): Promise<readonly JournalLine[]> {
  for (;;) {
    const lines = (await journal()) as readonly JournalLine[];
    if (lines.filter(({ kind }) => kind === 'end').length >= count) return lines;
    await setImmediate();
  }
}

const outcomes = (lines: readonly JournalLine[]) =>
  lines.flatMap((line) => (line.kind === 'end' ? [line.outcome] : []));
const statuses = (lines: readonly JournalLine[]) =>
  lines.flatMap((line) => (line.kind === 'attempt' ? [line.status] : []));

describe('the sender', () => {
  test('sends the envelope, signed, under the event id; a 2xx ends the delivery', async () => {
    answers = [204];
    const mindtickle = await subscribed();
    await mindtickle.happen(event);
    expect(outcomes(await ended(mindtickle))).toEqual(['delivered']);
    expect(got).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = got;
    expect(JSON.parse(body)).toEqual({ event: event.event, data: event.data, companyId: 'acme' });
    const timestamp = String(headers['x-mt-webhook-timestamp']);
    expect(headers['x-mt-event-id']).toBe('evt-1');
    expect(headers['x-mt-webhook-signature']).toBe(signDelivery({ body, secret, timestamp }));
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
  });

  test('tries again 5 min, 15 min, 1 h and 6 h after a failure, compressed, then gives up', async () => {
    answers = [500, 403, 302, 503, 500];
    const mindtickle = await subscribed({ compression: 100_000 });
    const begunAt = performance.now();
    await mindtickle.happen(event);
    const lines = await ended(mindtickle);
    expect(statuses(lines)).toEqual([500, 403, 302, 503, 500]);
    expect(outcomes(lines)).toEqual(['given up']);
    // 7 h 20 min; a timer may come 1 ms early.
    expect(performance.now() - begunAt).toBeGreaterThanOrEqual(264 - 5);
    expect(new Set(got.map(({ body }) => body)).size).toBe(1);
  });

  test('repeats the first signature where it does not sign again', async () => {
    answers = [500, 500];
    const mindtickle = await subscribed({ resign: false });
    await mindtickle.happen(event);
    await ended(mindtickle);
    expect(got).toHaveLength(3);
    expect(new Set(got.map(({ headers }) => headers['x-mt-webhook-signature'])).size).toBe(1);
  });

  test('signs what is left with a new secret', async () => {
    answers = [403];
    const mindtickle = await subscribed({ compression: 2000 });
    await mindtickle.happen(event);
    while (got.length === 0) await setImmediate();
    await mindtickle.set({ secret: 'whsec_rotated_0123456789' });
    await ended(mindtickle);
    const [, { headers, body } = { headers: {}, body: '' }] = got;
    const timestamp = String(headers['x-mt-webhook-timestamp']);
    const signature = signDelivery({ body, secret: 'whsec_rotated_0123456789', timestamp });
    expect(headers['x-mt-webhook-signature']).toBe(signature);
  });

  test('sends nothing that the subscription does not name', async () => {
    const mindtickle = await subscribed({}, ['course.completed']);
    await mindtickle.happen(event);
    expect(outcomes(await ended(mindtickle))).toEqual(['not sent']);
    expect(got).toEqual([]);
  });

  test('gets no answer while nothing is reachable, and delivers by a retry after that', async () => {
    const mindtickle = await subscribed({ reachable: false, compression: 10_000 });
    await mindtickle.happen(event);
    await mindtickle.set({ reachable: true });
    const lines = await ended(mindtickle);
    expect(statuses(lines)[0]).toBeNull();
    expect(statuses(lines).at(-1)).toBe(200);
    expect(outcomes(lines)).toEqual(['delivered']);
  });

  test('suspends after 24 h of failures, sends nothing then, and sends again once re-activated', async () => {
    const mindtickle = await subscribed({ reachable: false });
    let count = 0;
    const happen = (): Promise<void> => mindtickle.happen({ ...event, eventId: `evt-${(count += 1)}` });
    while ((await mindtickle.state()).webhooks[0]?.status !== 'suspended') await happen();
    expect((await mindtickle.state()).mails).toHaveLength(1);
    await mindtickle.set({ reachable: true });
    await happen();
    const lines = await ended(mindtickle, count);
    expect(outcomes(lines)).toContain('not sent');
    expect(got).toEqual([]);
    await mindtickle.call('PATCH', `/v2/webhooks/${mindtickle.webhookId}`);
    await happen();
    expect(outcomes(await ended(mindtickle, count)).at(-1)).toBe('delivered');
  });

  test('one success between failures begins the 24 h anew', async () => {
    const mindtickle = await subscribed({ compression: 1000 });
    answers = [500];
    await mindtickle.happen(event);
    await ended(mindtickle);
    // By this clock the first failure was days ago.
    await mindtickle.set({ compression });
    answers = [500];
    await mindtickle.happen({ ...event, eventId: 'evt-2' });
    await ended(mindtickle, 2);
    expect((await mindtickle.state()).webhooks).toMatchObject([{ status: 'active' }]);
  });
});
