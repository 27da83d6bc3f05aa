import { createHash } from 'node:crypto';
import type { StandIns } from '../../../src/dev/stand-ins';
import { pageOf, setFault, start, stateOf, stopAll, TOKEN } from './running';

const basic = (key = 'mindtickle', secret = TOKEN) => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`;

let standIns: StandIns;
beforeEach(async () => {
  standIns = await start({ now: () => new Date('2026-11-02T10:00:00Z'), wait: () => Promise.resolve() });
});
afterEach(stopAll);

const ID = '6690e6c9-3ef0-4ed3-8b37-7f3964730bee';

const said = {
  actor: { objectType: 'Agent', account: { homePage: 'https://app.example.com', name: 'mt-carla' } },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed', display: { 'en-US': 'completed' } },
  object: { objectType: 'Activity', id: 'https://app.example.com/courses/c1' },
  result: { score: { scaled: 0.9, raw: 90, min: 0, max: 100 }, completion: true },
  context: { platform: 'MindTickle' },
  timestamp: '2026-11-01T09:00:00Z',
};

interface Sent {
  readonly method?: string;
  readonly id?: string | null;
  /** As it is, or as JSON. */
  readonly body?: string | Uint8Array<ArrayBuffer> | object;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

async function send({ method = 'PUT', id = ID, body, headers = {} }: Sent): Promise<Response> {
  const given: Record<string, string | undefined> = {
    authorization: basic(),
    'x-experience-api-version': '1.0.3',
    'content-type': 'application/json',
    ...headers,
  };
  const present = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return fetch(`${standIns.url}/xapi/statements${id === null ? '' : `?statementId=${id}`}`, {
    method,
    headers: Object.fromEntries(present),
    ...(body !== undefined && { body: raw }),
  });
}

const put = async (body: Sent['body'] = said, more: Sent = {}): Promise<number> =>
  (await send({ body, ...more })).status;

const pdf = Buffer.from('%PDF-1.7\r\n--not the boundary\r\n');
const sha2 = createHash('sha256').update(pdf).digest('hex');
const attachment = {
  usageType: 'http://id.tincanapi.com/attachment/certificate-of-completion',
  display: { 'en-US': 'Certificate' },
  contentType: 'application/pdf',
  length: pdf.length,
  sha2,
};

interface Multipart {
  readonly statement?: object;
  readonly hash?: string;
  readonly encoding?: string;
  readonly content?: Buffer;
  readonly end?: string;
}

const multipart = (given: Multipart = {}): Sent => {
  const { statement = { ...said, attachments: [attachment] }, hash = sha2 } = given;
  const { encoding = 'binary', content = pdf, end = '--' } = given;
  const head = `--B\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(statement)}\r\n--B\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: ${encoding}\r\nX-Experience-API-Hash: ${hash}\r\n\r\n`;
  const body = new Uint8Array(Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--B${end}\r\n`)]));
  return { body, headers: { 'content-type': 'multipart/mixed; boundary=B' } };
};

describe('PUT /statements', () => {
  test('keeps the statement, and says who and when', async () => {
    const response = await send({ body: said });
    expect([response.status, response.headers.get('x-experience-api-version')]).toEqual([204, '1.0.3']);
    const { xapi } = await stateOf(standIns);
    expect(xapi.statements).toEqual([
      {
        statement: {
          ...said,
          id: ID,
          stored: '2026-11-02T10:00:00.000Z',
          version: '1.0.3',
          authority: expect.objectContaining({ objectType: 'Agent' }) as object,
        },
        files: [],
      },
    ]);
  });

  test('the same again is 204 and one, another is 409 and changes nothing', async () => {
    expect(await put()).toBe(204);
    expect(await put({ ...said, timestamp: '2026-11-01T10:00:00+01:00', id: ID })).toBe(204);
    expect(await put({ ...said, verb: { id: 'http://adlnet.gov/expapi/verbs/passed' } })).toBe(409);
    expect(await put({ ...said, timestamp: '2026-11-01T09:00:01Z' })).toBe(409);
    expect(await put({ ...said, result: { completion: false } })).toBe(409);
    const { xapi } = await stateOf(standIns);
    expect(xapi.statements).toMatchObject([{ statement: said }]);
  });

  test('without a timestamp it fills in its own, and the same again is another', async () => {
    let now = Date.parse('2026-11-02T10:00:00Z');
    standIns = await start({ now: () => new Date((now += 1)) });
    const timeless = { ...said, timestamp: undefined };
    expect(await put(timeless)).toBe(204);
    expect(await put(timeless)).toBe(409);
  });

  test('keeps size and hash of an attachment', async () => {
    expect((await send(multipart())).status).toBe(204);
    expect((await send(multipart())).status).toBe(204);
    const { xapi } = await stateOf(standIns);
    expect(xapi.statements).toMatchObject([
      {
        statement: { attachments: [attachment] },
        files: [{ contentType: 'application/pdf', bytes: pdf.length, sha2 }],
      },
    ]);
  });

  test.each<[string, Sent]>([
    ['a hash that is not the part’s', multipart({ hash: 'f'.repeat(64) })],
    ['other bytes than the hash', multipart({ content: Buffer.from('%PDF-1.8') })],
    ['another transfer encoding', multipart({ encoding: 'base64' })],
    ['an attachment that does not come', { body: { ...said, attachments: [attachment] } }],
    ['a part that no attachment names', multipart({ statement: said })],
    ['another length', multipart({ statement: { ...said, attachments: [{ ...attachment, length: 1 }] } })],
    ['a body without end', multipart({ end: '' })],
    ['multipart without a boundary', { ...multipart(), headers: { 'content-type': 'multipart/mixed' } }],
    [
      'an attachment without display',
      multipart({ statement: { ...said, attachments: [{ ...attachment, display: undefined }] } }),
    ],
    [
      'an attachment without usageType',
      multipart({ statement: { ...said, attachments: [{ ...attachment, usageType: 'certificate' }] } }),
    ],
    ['no version', { body: said, headers: { 'x-experience-api-version': undefined } }],
    ['another version', { body: said, headers: { 'x-experience-api-version': '2.0.0' } }],
    ['no statementId', { body: said, id: null }],
    ['a statementId that is no UUID', { body: said, id: 'one' }],
    ['another id inside', { body: { ...said, id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bef' } }],
    ['another content type', { body: said, headers: { 'content-type': 'text/plain' } }],
    ['half a statement', { body: '{"actor":' }],
    ['a batch', { body: [said] }],
    ['no actor', { body: { ...said, actor: undefined } }],
    ['an actor without identifier', { body: { ...said, actor: { objectType: 'Agent' } } }],
    ['an actor with two', { body: { ...said, actor: { ...said.actor, mbox: 'mailto:carla@example.com' } } }],
    ['no verb', { body: { ...said, verb: undefined } }],
    ['a verb that is no IRI', { body: { ...said, verb: { id: 'completed' } } }],
    ['no object', { body: { ...said, object: undefined } }],
    ['an object that is no IRI', { body: { ...said, object: { id: 'course one' } } }],
    ['a property that it does not know', { body: { ...said, learner: 'carla' } }],
    ['null', { body: { ...said, context: null } }],
    ['a score out of its bounds', { body: { ...said, result: { score: { raw: 101, min: 0, max: 100 } } } }],
    ['a scaled score above 1', { body: { ...said, result: { score: { scaled: 1.1 } } } }],
    ['a timestamp that is none', { body: { ...said, timestamp: 'yesterday' } }],
  ])('refuses %s with 400', async (_what, sent) => {
    const response = await send(sent);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { status: 400 } });
    expect((await stateOf(standIns)).xapi.statements).toEqual([]);
  });

  test.each([undefined, 'Bearer x', basic('mindtickle', 'wrong'), basic('other')])(
    'refuses the credentials %p with 401, before the version',
    async (authorization) => {
      const headers = { authorization, 'x-experience-api-version': undefined };
      const response = await send({ body: said, headers });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="xAPI"']);
    },
  );

  test('accepts one statement by PUT alone', async () => {
    const response = await send({ method: 'POST', body: said });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, PUT']);
  });

  test('the fault switch answers in its words, and nothing is kept', async () => {
    await setFault(standIns, 'xapi', { mode: 'error', status: 422, calls: 1 });
    const response = await send({ body: said });
    expect([response.status, await response.json()]).toMatchObject([422, { error: { status: 422 } }]);
    expect((await stateOf(standIns)).xapi.statements).toEqual([]);
  });
});

describe('GET /statements', () => {
  test('by its id, bare', async () => {
    await put();
    const response = await send({ method: 'GET', id: ID.toUpperCase() });
    expect(await response.json()).toMatchObject({ ...said, id: ID });
    expect((await send({ method: 'GET', id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bef' })).status).toBe(404);
  });

  test('all of them, the newest first', async () => {
    await put();
    await put({ ...said, timestamp: '2026-11-01T09:00:01Z' }, { id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bef' });
    const response = await send({ method: 'GET', id: null });
    expect(await response.json()).toMatchObject({ statements: [{ timestamp: '2026-11-01T09:00:01Z' }, { id: ID }] });
  });
});

describe('the page', () => {
  test('shows what was said, as text', async () => {
    await put({ ...said, actor: { account: { homePage: 'https://app.example.com', name: '<b>carla</b>' } } });
    await put(multipart().body, { ...multipart(), id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bef' });
    const page = await pageOf(standIns);
    expect(page).toContain('&lt;b&gt;carla&lt;/b&gt;');
    expect(page).toContain(`application/pdf, ${pdf.length} bytes, SHA-256 ${sha2}`);
    expect(page).toContain(`${standIns.url}/xapi`);
  });
});
