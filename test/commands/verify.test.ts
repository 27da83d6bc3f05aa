import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { signDelivery } from '../../src/dev/mindtickle';
import { BODY, COMPANY, NOW, SECRET } from '../receiver/running';

const repository = resolve(__dirname, '../..');
const TIMESTAMP = String(NOW / 1000);
const SIGNATURE = signDelivery({ body: BODY, secret: SECRET, timestamp: TIMESTAMP });
let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'verify-'));
  spawnSync(process.execPath, [join(repository, 'bin/build.js'), '--if-stale'], { stdio: 'ignore' });
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

function verify(args: readonly string[], { env = {}, input }: { env?: NodeJS.ProcessEnv; input?: string } = {}) {
  const { PATH, HOME } = process.env;
  return spawnSync(process.execPath, [join(repository, 'bin/mt.js'), 'verify', ...args], {
    encoding: 'utf8',
    cwd: place,
    env: { PATH, HOME, ...env },
    ...(input !== undefined && { input }),
  });
}

const KNOWN = { MINDTICKLE_WEBHOOK_SECRET: `newer,${SECRET}`, MINDTICKLE_COMPANY_ID: COMPANY };
const AT = ['--now', '2026-11-23T09:00:05Z'];

function written(name: string, content: string | Buffer): string {
  writeFileSync(join(place, name), content);
  return name;
}

const parts = (body = BODY): string[] => [
  ...['--file', written('body.json', body), '--signature', SIGNATURE, '--timestamp', TIMESTAMP],
  ...AT,
];
const HEADERS = [
  'POST /webhooks/mindtickle HTTP/1.1',
  'Host: example.com',
  `X-MT-Webhook-Signature: ${SIGNATURE}`,
  `x-mt-webhook-timestamp:  ${TIMESTAMP} `,
  'x-mt-event-id: evt-1',
];
const request = (lines: readonly string[], body: string, end = '\r\n'): string =>
  `${lines.join(end)}${end}${end}${body}`;

function judge(args: readonly string[], more: Parameters<typeof verify>[1] = { env: KNOWN }) {
  const { status, stdout, stderr } = verify([...args, '--json'], more);
  expect(stderr).toBe('');
  return { exit: status, ...(JSON.parse(stdout) as Record<string, unknown>) };
}

describe('mt verify', () => {
  test('says that a delivery verifies, and with which secret, at its own time', () => {
    const { status, stdout } = verify([...parts(), '--event-id', 'evt-1'], { env: KNOWN });
    expect(status).toBe(0);
    expect(stdout).toBe(
      `verifies   with secret 2 of 2\nskew       5 s, judged at 2026-11-23T09:00:05.000Z\n` +
        `lengths    signature 64, timestamp 10, body ${Buffer.byteLength(BODY)} bytes\nsecrets    2 known\n`,
    );
  });

  test('says why one does not, what to do, and neither secret nor signature nor payload', () => {
    const { status, stdout, stderr } = verify(parts(JSON.stringify(JSON.parse(BODY), null, 2)), { env: KNOWN });
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/^refused {4}403 Invalid signature \(mismatch\)\ncause {6}body-reserialised\n/);
    expect(stdout).toContain('written anew');
    for (const value of [SECRET, 'newer', SIGNATURE, 'mt-rita']) expect(stdout).not.toContain(value);
  });

  test('prints one document with --json', () => {
    expect(judge(parts(`${BODY}\n`))).toEqual({
      exit: 1,
      verifies: false,
      status: 403,
      rule: 'mismatch',
      cause: 'body-reserialised',
      advice: expect.stringContaining('without the line end') as string,
      secret: null,
      skewSeconds: 5,
      lengths: { signature: 64, timestamp: 10, body: Buffer.byteLength(BODY) + 1 },
      secrets: 2,
      at: '2026-11-23T09:00:05.000Z',
      notes: ['the event id is not checked: no --event-id'],
    });
  });

  test('says that it is old, unless it is judged at its time', () => {
    const args = [...parts(), '--now', '2026-12-23T09:00:00Z'];
    expect(judge(args)).toMatchObject({ rule: 'stale', cause: 'old-delivery', skewSeconds: 30 * 86_400 });
  });

  test.each([
    ['CR LF', request(HEADERS, BODY)],
    ['LF', request(HEADERS, BODY, '\n')],
    ['headers alone', request(HEADERS.slice(1), BODY)],
    ['a length, and a line feed of an editor', request([...HEADERS, `Content-Length: ${BODY.length}`], `${BODY}\n`)],
    [
      'chunks',
      request(
        [...HEADERS, 'Transfer-Encoding: chunked'],
        `5\r\n${BODY.slice(0, 5)}\r\n${(BODY.length - 5).toString(16)};x=y\r\n${BODY.slice(5)}\r\n0\r\n\r\n`,
      ),
    ],
    ['chunks put together', request([...HEADERS, 'Transfer-Encoding: chunked'], BODY)],
  ])('reads a captured request with %s', (_what, content) => {
    expect(judge(['--request', written('request', content), ...AT])).toMatchObject({
      exit: 0,
      verifies: true,
      rule: null,
    });
  });

  test('reads what curl -v printed, with the body from a file', () => {
    const curl = [
      '*   Trying 127.0.0.1:3000...',
      '> POST /earlier HTTP/1.1',
      '> x-mt-event-id: evt-0',
      '> ',
      '< HTTP/1.1 404 Not Found',
      ...HEADERS.map((line) => `> ${line}`),
      '> ',
      '* upload completely sent off',
      '< HTTP/1.1 403 Forbidden',
    ].join('\r\n');
    const args = ['--request', written('curl.txt', curl), ...AT];
    expect(judge([...args, '--file', written('body.json', BODY)])).toMatchObject({ verifies: true });
    expect(verify(args, { env: KNOWN })).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('--file: missing') as string,
    });
  });

  test('does not take a body for what curl printed', () => {
    const body = 'a\n> POST / HTTP/1.1\n> x: y\n';
    const signature = signDelivery({ body, secret: SECRET, timestamp: TIMESTAMP });
    const args = ['--request', written('request', request(HEADERS, body, '\n')), '--signature', signature, ...AT];
    expect(judge(args)).toMatchObject({ verifies: true, lengths: { body: body.length } });
  });

  test('finds a repeated header, a missing one of a like name, and a Content-Encoding', () => {
    const of = (...lines: string[]) => judge(['--request', written('request', request(lines, BODY)), ...AT]);
    expect(of(...HEADERS, `x-mt-webhook-signature: ${SIGNATURE}`)).toMatchObject({ cause: 'header-repeated' });
    expect(of(...HEADERS, 'Content-Encoding: gzip')).toMatchObject({ status: 415, cause: 'encoding' });
    expect(of(...HEADERS.slice(0, 4))).toMatchObject({ status: 400, cause: 'event-id-missing' });
    expect(of(...HEADERS.slice(0, 2), `X_MT_Webhook_Signature: ${SIGNATURE}`, ...HEADERS.slice(3))).toMatchObject({
      cause: 'signature-missing',
      notes: ['x-mt-webhook-signature is absent; of a like name: x_mt_webhook_signature'],
    });
  });

  test('takes secret, company and body from where they are named', () => {
    const file = ['--secret-file', written('secret', `${SECRET}\n`)];
    expect(judge([...parts(), ...file], {})).toMatchObject({
      verifies: true,
      notes: [expect.stringContaining('event id'), expect.stringContaining('company is not checked')] as string[],
    });
    expect(judge([...parts(), '--secret', SECRET, '--company', 'globex'], {})).toMatchObject({ rule: 'company' });
    expect(judge([...parts(), '--file', '-', ...file], { input: BODY })).toMatchObject({ verifies: true });
    const env = { MINDTICKLE_WEBHOOK_SECRET_FILE: join(place, 'secret') };
    expect(judge(parts(), { env })).toMatchObject({ verifies: true, secrets: 1 });
  });

  test('reads a file of secrets as the receiver does', () => {
    const secret = 'one, with a comma';
    const signature = signDelivery({ body: BODY, secret, timestamp: TIMESTAMP });
    const named = ['--signature', signature, '--secret-file'];
    const good = written('two', `\uFEFF# newest first\nanother-secret\n\n${secret}\r\n`);
    expect(judge([...parts(), ...named, good], {})).toMatchObject({ verifies: true, secrets: 2 });
    const bad = written('assigned', `MINDTICKLE_WEBHOOK_SECRET=${secret}\n`);
    const { status, stdout, stderr } = verify([...parts(), ...named, bad]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('line 1 of the file is NAME=value');
    expect(stderr).not.toContain(secret);
  });

  test.each([
    [[], 'no mt dev runs'],
    [['--secret', 's'], '--file or --request: missing'],
    [['--secret', 's', '--file', 'nowhere'], '--file: the file cannot be read'],
    [['--secret', 's', '--secret-file', 'nowhere', '--file', 'body.json'], 'only one of them'],
    [['--secret', 's', '--file', 'body.json', '--now', 'yesterday'], '--now: not ISO 8601'],
    [['--file', '-', '--request', '-'], 'only one can be `-`'],
  ])('exits with 2 for %j', (args, message) => {
    written('body.json', BODY);
    const { status, stdout, stderr } = verify([...(args.length === 0 ? ['--file', 'body.json'] : args)]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test('warns in its help of a secret on the command line', () => {
    expect(verify(['--help']).stdout.replaceAll(/\s+/g, ' ')).toContain('other users of this machine can see it');
  });
});
