import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { RequestHandler } from 'express';
import { createEncryption } from '../../../src/encryption';
import { createApp, sendProblem } from '../../../src/http';
import { createCodecRouter } from '../../../src/operations/codec';
import { createCodec } from '../../../src/temporal';
import { startOps, VIEWER } from '../api/running';

const keyOf = (id: string) => ({ id, secret: randomBytes(32) });
const codecOf = (...keys: readonly ReturnType<typeof keyOf>[]) => {
  const encryption = createEncryption(keys);
  if (encryption === undefined) throw new Error('there are no keys');
  return createCodec(encryption);
};
const [old, young] = [keyOf('old'), keyOf('young')];
const UI = 'https://temporal.example.com';
const plain = {
  metadata: { encoding: Buffer.from('json/plain').toString('base64') },
  data: Buffer.from('"rita@example.com"').toString('base64'),
};

const guard: RequestHandler = (request, response, next) => {
  if (request.headers.authorization === 'Bearer right') next();
  else sendProblem(request, response, { status: 401, detail: 'no' });
};

let base: string;
const app = createApp();
app.use(createCodecRouter({ codec: codecOf(young, old), allowedOrigin: `${UI}/`, guard }));
const server = app.listen(0, '127.0.0.1');
beforeAll(async () => {
  if (!server.listening) await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${base}/codec/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer right', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
const payloadsOf = async (response: Response) => ((await response.json()) as { payloads: (typeof plain)[] }).payloads;

describe('the codec endpoint', () => {
  test('encrypts, and decrypts what any of the keys made, and leaves what is plain as it is', async () => {
    const encoded = await payloadsOf(await post('encode', { payloads: [plain] }));
    expect(JSON.stringify(encoded)).not.toContain(plain.data);
    const [before] = await codecOf(old).encode([
      { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('1') },
    ]);
    const older = {
      metadata: Object.fromEntries(
        Object.entries(before?.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
      ),
      data: Buffer.from(before?.data ?? []).toString('base64'),
    };
    const decoded = await payloadsOf(await post('decode', { payloads: [...encoded, plain, older] }));
    expect(decoded).toEqual([plain, plain, { ...plain, data: Buffer.from('1').toString('base64') }]);
  });

  test('names the key that it would need', async () => {
    const [encoded] = await codecOf(keyOf('lost')).encode([{ data: Buffer.from('1') }]);
    const metadata = Object.fromEntries(
      Object.entries(encoded?.metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
    );
    const payload = { metadata, data: Buffer.from(encoded?.data ?? []).toString('base64') };
    const response = await post('decode', { payloads: [payload] });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('there is no key \\"lost\\"');
  });

  test('needs a credential for both', async () => {
    for (const path of ['encode', 'decode']) {
      const response = await post(path, { payloads: [plain] }, { authorization: 'Bearer wrong' });
      expect(response.status).toBe(401);
    }
  });

  test("lets the script of Temporal Web UI ask, and no other page's", async () => {
    const preflight = (origin: string) => fetch(`${base}/codec/decode`, { method: 'OPTIONS', headers: { origin } });
    const allowed = await preflight(UI);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, UI]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('x-namespace');
    const answered = await post('decode', { payloads: [plain] }, { origin: UI });
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([200, UI]);
    for (const refused of [await preflight('https://evil.example'), await post('decode', {}, { origin: 'null' })])
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  test.each(['{', '{"payloads":1}', '{"payloads":[{"data":"?"}]}', '[]'])(
    'refuses %s, and quotes nothing of it',
    async (body) => {
      const response = await post('decode', body);
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
    },
  );

  test("is one of the operations' server, for whoever has a credential, and the rest of it for nobody elsewhere", async () => {
    const ops = await startOps({ codec: { codec: codecOf(young), allowedOrigin: UI } });
    const json = { payloads: [plain] };
    const headers = { origin: UI };
    const statusOf = async (line: string, token?: string) =>
      (await ops.ask(line, { json, headers, ...(token !== undefined && { token }) })).status;
    expect(await statusOf('POST /codec/decode', VIEWER)).toBe(200);
    expect(await statusOf('POST /codec/decode')).toBe(401);
    expect(await statusOf('POST /api/session', VIEWER)).toBe(403);
    await ops.close();
  });

  test('takes no body without end', async () => {
    const response = await post('decode', `{"payloads":[{"data":"${'A'.repeat(17 * 1024 * 1024)}"}]}`);
    expect(response.status).toBe(413);
  });
});
