import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { deliver, signDelivery } from '../../src/dev/mindtickle';

const secret = 'whsec_0123456789';
const OPENSSL = 'openssl';

describe('signDelivery', () => {
  test('signs the timestamp, a colon and the body', () => {
    // printf '1767225600:{}' | openssl dgst -sha256 -hmac whsec_0123456789
    const signature = '58c6b76b4f2e294a701b286c33c25e1302b9320e160e1514e7ea0fbb480d56df';
    expect(signDelivery({ body: '{}', secret, timestamp: '1767225600' })).toBe(signature);
  });

  const hasOpenssl = (() => {
    try {
      return execFileSync(OPENSSL, ['version'], { stdio: 'pipe' }).length > 0;
    } catch {
      return false;
    }
  })();

  (hasOpenssl ? test : test.skip).each([
    ['text', '{"event":"course.completed"}', '1767225600'],
    ['text beyond ASCII', '{"name":"Łukasz 🎓"}', '2026-01-01T00:00:00Z'],
    ['bytes that are no text', Buffer.from([0, 255, 128, 10, 13]), '1767225600000'],
    ['nothing', '', ''],
  ])('agrees with openssl on %s', (_name, body, timestamp) => {
    const input = Buffer.concat([Buffer.from(`${timestamp}:`), Buffer.from(body as string)]);
    const printed = execFileSync(OPENSSL, ['dgst', '-sha256', '-hmac', secret], { input, encoding: 'utf8' });
    expect(printed.trim().split(' ').at(-1)).toBe(signDelivery({ body, secret, timestamp }));
  });
});

describe('deliver', () => {
  let receiver: Server;
  let url: string;
  let got: { headers: IncomingHttpHeaders; body: Buffer }[];
  let answer: { status: number; body: string };

  beforeEach(async () => {
    got = [];
    answer = { status: 200, body: '{"received":true}' };
    receiver = createServer((request, response) => {
      void buffer(request).then((body) => {
        got.push({ headers: request.headers, body });
        response.writeHead(answer.status, { location: '/elsewhere' }).end(answer.body);
      });
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/mindtickle`;
  });
  afterEach(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  const delivery = {
    event: 'quiz.submitted',
    data: { userId: 'mt-quentin' },
    companyId: 'acme',
    eventId: 'evt-1',
    secret,
  };

  test('sends the envelope with the three headers, and returns the answer', async () => {
    const timestamp = '2026-01-01T00:00:00Z';
    expect(await deliver({ ...delivery, url, timestamp })).toEqual({ status: 200, body: { received: true } });
    const body = '{"event":"quiz.submitted","data":{"userId":"mt-quentin"},"companyId":"acme"}';
    expect(got[0]?.body.toString()).toBe(body);
    expect(got[0]?.headers).toMatchObject({
      'x-mt-webhook-signature': signDelivery({ body, secret, timestamp }),
      'x-mt-webhook-timestamp': timestamp,
      'x-mt-event-id': 'evt-1',
      'content-type': 'application/json',
    });
  });

  test('signs in Unix seconds of now when no timestamp is given', async () => {
    const before = Math.floor(Date.now() / 1000);
    await deliver({ ...delivery, url });
    const timestamp = Number(got[0]?.headers['x-mt-webhook-timestamp']);
    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Date.now() / 1000);
  });

  test('sends and signs given bytes as they are', async () => {
    const body = Buffer.from([0x7b, 0xff, 0x00]);
    await deliver({ ...delivery, url, body, timestamp: '1' });
    expect(got[0]?.body.equals(body)).toBe(true);
    expect(got[0]?.headers['x-mt-webhook-signature']).toBe(signDelivery({ body, secret, timestamp: '1' }));
  });

  test('returns a refusal, a redirect and an answer that is not JSON as they are', async () => {
    answer = { status: 403, body: 'no' };
    expect(await deliver({ ...delivery, url })).toEqual({ status: 403, body: 'no' });
    answer = { status: 302, body: '' };
    expect(await deliver({ ...delivery, url })).toEqual({ status: 302, body: '' });
    expect(got).toHaveLength(2);
  });

  test('rejects when nobody listens', async () => {
    receiver.close();
    receiver.closeAllConnections();
    await expect(deliver({ ...delivery, url })).rejects.toThrow('fetch failed');
  });
});
