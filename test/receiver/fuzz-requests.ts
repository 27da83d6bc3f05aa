import fc from 'fast-check';
import { BODY, COMPANY, NOW, SECRET, signedHeaders } from './running';

/** One request as a tree: what is wrong with it is chosen part by part, and last of all in its bytes. */
export interface Request {
  readonly line: string;
  readonly signing: Signing;
  readonly body: Buffer;
  readonly framing: Framing;
  readonly changes: readonly Change[];
}

export type Signing = 'right' | 'wrong' | 'stale' | 'none';
type Framing = 'length' | 'chunks' | 'both' | 'none' | 'too-short' | 'too-long' | 'odd';
type Headers = readonly (readonly [name: string, value: string])[];
type Change =
  | { readonly kind: 'drop' | 'repeat' | 'last' | 'upper'; readonly at: number }
  | { readonly kind: 'set' | 'add'; readonly at: number; readonly name: string; readonly value: string };
/** Of the bytes; `at` is a fraction of their length. */
export interface Damage {
  readonly kind: 'flip' | 'cut' | 'insert' | 'repeat' | 'end';
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

const TIMES: Readonly<Record<Signing, number>> = { right: NOW, wrong: NOW, none: NOW, stale: NOW - 9 * 3_600_000 };

/** The headers of a signing, none of them damaged. */
export function signatureOf(signing: Signing, body: Buffer): Headers {
  if (signing === 'none') return [];
  const secret = signing === 'wrong' ? 'whsec_other' : SECRET;
  return signedHeaders({ body, secret, timestamp: String(TIMES[signing] / 1000), eventId: 'evt-fuzz' });
}

export function bytesOf({ line, signing, body, framing, changes }: Request): Buffer {
  const [framed, content] = frame(framing, body);
  const whole: Headers = [['Host', 'receiver'], ...signatureOf(signing, body), ...framed];
  const lines = changes.reduce(change, whole).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${line}\r\n${lines.join('')}\r\n`, 'latin1'), content]);
}

function frame(framing: Framing, body: Buffer): [Headers, Buffer] {
  const { length } = body;
  const middle = Math.ceil(length / 2);
  const chunks = [body.subarray(0, middle), body.subarray(middle)].filter((each) => each.length > 0);
  const coded = chunks.map((each) => [Buffer.from(`${each.length.toString(16)};x=1\r\n`), each, Buffer.from('\r\n')]);
  const chunked = Buffer.concat([...coded.flat(), Buffer.from('0\r\nX-Trailer: 1\r\n\r\n')]);
  const coding = ['Transfer-Encoding', 'chunked'] as const;
  const framings: Readonly<Record<Framing, [Headers, Buffer]>> = {
    length: [[['Content-Length', String(length)]], body],
    chunks: [[coding], chunked],
    both: [[coding, ['Content-Length', String(length)]], chunked],
    none: [[], body],
    'too-short': [[['Content-Length', String(Math.max(0, length - 7))]], body],
    'too-long': [[['Content-Length', String(length + 2_000_000)]], body],
    odd: [[['Content-Length', `0x${length.toString(16)}`]], body],
  };
  return framings[framing];
}

function change(headers: Headers, each: Change): Headers {
  const at = headers.length === 0 ? 0 : each.at % headers.length;
  const here = headers[at];
  if (here === undefined) return headers;
  const rest = headers.toSpliced(at, 1);
  switch (each.kind) {
    case 'drop':
      return rest;
    case 'repeat':
      return [...headers, here];
    case 'last':
      return [...rest, here];
    case 'upper':
      return headers.with(at, [here[0].toUpperCase(), here[1].toUpperCase()]);
    case 'set':
      return headers.with(at, [here[0], each.value]);
    case 'add':
      return headers.toSpliced(at, 0, [each.name, each.value]);
  }
}

export function damaged(bytes: Buffer, { kind, at, length, bytes: others }: Damage): Buffer {
  const from = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, from), bytes.subarray(from)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([
        before,
        Buffer.from(after.subarray(0, 1).map((byte) => byte ^ (length || 1))),
        after.subarray(1),
      ]);
    case 'cut':
      return Buffer.concat([before, after.subarray(length)]);
    case 'insert':
      return Buffer.concat([before, others, after]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, length), after]);
    case 'end':
      return before;
  }
}

const NAMES = ['__proto__', 'constructor', 'toString', 'length', 'event', 'data', 'companyId', 'userId'];
const nasty = fc.constantFrom<string>(
  ...['', ' ', ',', '\0', '\t', '\xff', '\r', '\n', '%00', '1e400', '-1', '0', '9'.repeat(30), 'gzip', 'identity'],
  ...['chunked', '100-continue', 'close', 'keep-alive', 'websocket', '__proto__', 'ä'.repeat(300), 'x'.repeat(17_000)],
);
const headerName = fc.constantFrom(
  ...['Host', 'Content-Length', 'Transfer-Encoding', 'Content-Encoding', 'Expect', 'Connection', 'Upgrade', 'TE'],
  ...['Trailer', 'X-Forwarded-For', 'x-mt-event-id', 'x-mt-webhook-signature', 'x-mt-webhook-timestamp'],
  ...['__proto__', 'constructor', 'X A', 'X:', ''],
);
const json = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<unknown>(null, true, 0, -0, 2 ** 53, 'mt-rita', COMPANY, 'course.completed', '\ud800', '\0'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 4 }),
    ),
  }))
  .value.map((value) => Buffer.from(JSON.stringify(value)));
const body = fc.oneof(
  { arbitrary: fc.constant(Buffer.from(BODY)), weight: 3 },
  json,
  json.map((value) => Buffer.from(BODY.replace(/\}$/, `,"__proto__":${value.toString()},"event":"course.completed"}`))),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom('[', '{"a":').map((open) => Buffer.from(open.repeat(20_000))),
  fc.constantFrom('', '\ufeff{}', '{"score":1e400}', '{} {}').map((text) => Buffer.from(text)),
);
const line = fc.oneof(
  { arbitrary: fc.constant('POST /webhooks/mindtickle HTTP/1.1'), weight: 6 },
  fc
    .tuple(
      fc.constantFrom('POST', 'GET', 'PUT', 'OPTIONS', 'TRACE', 'CONNECT', 'PRI', 'post', ''),
      fc.constantFrom(
        '/webhooks/mindtickle',
        '/webhooks/mindtickle/?x',
        '//',
        '*',
        'http://[',
        '/%',
        '/healthz',
        'x',
        '',
      ),
      fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', 'http/1.1', ''),
    )
    .map((parts) => parts.join(' ')),
);
const index = fc.nat(20);
const changes = fc.oneof(
  fc.record({ kind: fc.constant('add'), at: index, name: fc.constant('Content-Encoding'), value: nasty }),
  fc.record({ kind: fc.constantFrom('drop', 'repeat', 'last', 'upper'), at: index }),
  fc.record({ kind: fc.constantFrom('set', 'add'), at: index, name: headerName, value: nasty }),
);

export const request: fc.Arbitrary<Request> = fc.record({
  line,
  signing: fc.constantFrom('right', 'right', 'wrong', 'stale', 'none'),
  body,
  framing: fc.constantFrom('length', 'length', 'chunks', 'chunks', 'both', 'none', 'too-short', 'too-long', 'odd'),
  changes: fc.array(changes as fc.Arbitrary<Change>, { maxLength: 3 }),
});

export const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'insert', 'repeat', 'end'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(40),
  bytes: fc.uint8Array({ maxLength: 20 }),
});
