import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signDelivery } from '../../src/dev/mindtickle';
import { buildMt, runMt, type MtRun } from '../mt';

let place: string;
let server: Server;
const received: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
beforeAll(async () => {
  buildMt();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.end('{"received":true}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mt-send-'));
  received.length = 0;
});
afterEach(() => rmSync(place, { recursive: true }));

function send(args: readonly string[], env: Record<string, string>): Promise<MtRun> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/mindtickle`;
  return runMt(['send', ...args, '--url', url], { env: { MINDTICKLE_COMPANY_ID: 'acme', ...env }, cwd: place });
}

/** The secret of `secrets` that signed what came. */
function signedWith(secrets: readonly string[]): string | undefined {
  const [{ headers, body } = { headers: {}, body: '' }] = received;
  const timestamp = String(headers['x-mt-webhook-timestamp']);
  return secrets.find((secret) => signDelivery({ body, secret, timestamp }) === headers['x-mt-webhook-signature']);
}

describe('mt send', () => {
  test.each([
    ['a file', '# newest first\nnew,1\nold\n', 'new,1'],
    ['a file of one', 'new\n', 'new'],
  ])('signs with the newest secret of %s, as the receiver reads it', async (_what, text, newest) => {
    writeFileSync(join(place, 'secret'), text);
    expect(await send(['course.completed'], { MINDTICKLE_WEBHOOK_SECRET_FILE: 'secret' })).toMatchObject({ code: 0 });
    expect(signedWith([newest])).toBe(newest);
  });

  test('signs with the newest secret of .env', async () => {
    writeFileSync(join(place, '.env'), '\uFEFFMINDTICKLE_WEBHOOK_SECRET=new#1,old # while it is rotated\n');
    expect(await send(['course.completed'], {})).toMatchObject({ code: 0 });
    expect(signedWith(['new', 'new#1,old', 'new#1'])).toBe('new#1');
  });

  test('sends an event of another name when it is forced to', async () => {
    const env = { MINDTICKLE_WEBHOOK_SECRET: 'new' };
    expect(await send(['course.archived'], env)).toMatchObject({ code: 2 });
    expect(received).toEqual([]);
    expect(await send(['course.archived', '--force'], env)).toMatchObject({ code: 0 });
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ event: 'course.archived' });
  });

  test('refuses a file with NAME=value, and shows none of it', async () => {
    writeFileSync(join(place, 'secret'), 'SECRET=a-secret\n');
    const { code, stderr } = await send(['course.completed'], { MINDTICKLE_WEBHOOK_SECRET_FILE: 'secret' });
    expect(code).toBe(2);
    expect(stderr).toContain('MINDTICKLE_WEBHOOK_SECRET_FILE: line 1 of the file is NAME=value');
    expect(stderr).not.toContain('a-secret');
    expect(received).toEqual([]);
  });
});
