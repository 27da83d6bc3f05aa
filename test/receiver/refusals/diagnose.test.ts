import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { diagnose, type Diagnosable, type DiagnosisConfig } from '../../../src/receiver/refusals/diagnose';
import { signDelivery } from '../../../src/dev/mindtickle';
import { refusals } from '../../../src/receiver/refusals';
import { BODY, COMPANY, NOW, SECRET } from '../running';

const TERMS: DiagnosisConfig = {
  secrets: [SECRET],
  companyId: COMPANY,
  window: { backMs: 8 * 3_600_000, aheadMs: 300_000 },
};
const TIMESTAMP = String(NOW / 1000);
const ISO = '2026-11-23T09:00:00';
const SIGNATURE = signDelivery({ body: BODY, secret: SECRET, timestamp: TIMESTAMP });
const RANDOM = '0f'.repeat(32);

const RIGHT: Diagnosable = {
  signature: SIGNATURE,
  timestamp: TIMESTAMP,
  eventId: 'evt-1',
  rawBody: Buffer.from(BODY),
};

/** Signed over `signed`, and then it came otherwise. */
function came(
  changes: Partial<Diagnosable>,
  signed: { readonly body?: string | Buffer; readonly timestamp?: string; readonly secret?: string } = {},
): Diagnosable {
  const { body = BODY, timestamp = TIMESTAMP, secret = SECRET } = signed;
  return {
    ...RIGHT,
    timestamp,
    rawBody: Buffer.from(body),
    signature: signDelivery({ body, secret, timestamp }),
    ...changes,
  };
}

const hmac = (algorithm: string, encoding: 'hex' | 'base64', ...message: (string | Buffer)[]): string => {
  const mac = createHmac(algorithm, SECRET);
  for (const part of message) mac.update(part);
  return mac.digest(encoding);
};

function causeOf(delivery: Diagnosable, terms: Partial<DiagnosisConfig> = {}): string {
  const diagnosis = diagnose(delivery, { ...TERMS, ...terms }, NOW);
  return diagnosis.verifies ? 'verifies' : `${diagnosis.rule}: ${diagnosis.cause}`;
}

function adviceOf(delivery: Diagnosable, terms: Partial<DiagnosisConfig> = {}): string {
  const diagnosis = diagnose(delivery, { ...TERMS, ...terms }, NOW);
  return diagnosis.verifies ? '' : diagnosis.advice;
}

const LETTERS = JSON.stringify({
  event: 'course.completed',
  data: { name: 'Zoë <& co>', at: 'a/b', n: [1, 2] },
  companyId: COMPANY,
});
const parsed: unknown = JSON.parse(LETTERS);
const bodyOf = (change: object): string => JSON.stringify({ ...(parsed as object), ...change });
const escaped = LETTERS.replace('ë', '\\u00eb');
const pretty = JSON.stringify(parsed, null, 2);
const base64Secret = Buffer.from('twenty-four secret bytes').toString('base64');

describe('diagnose', () => {
  test('gives no cause to a right delivery, and says which secret signed it', () => {
    expect(diagnose(RIGHT, { ...TERMS, secrets: ['newer', SECRET] }, NOW + 1500)).toEqual({
      verifies: true,
      secretIndex: 1,
      skewSeconds: 1.5,
      signatureLength: 64,
      timestampLength: 10,
      bodyLength: BODY.length,
    });
  });

  test.each<[string, Partial<Diagnosable>, string]>([
    ['no header at all', { signature: undefined, timestamp: undefined }, 'missing: headers-missing'],
    ['no signature', { signature: undefined }, 'missing: signature-missing'],
    ['an empty signature', { signature: '' }, 'missing: signature-missing'],
    ['no timestamp', { timestamp: undefined }, 'missing: timestamp-missing'],
    ['an empty timestamp', { timestamp: '' }, 'missing: timestamp-missing'],
    ['a repeated signature', { signature: `${SIGNATURE}, ${SIGNATURE}` }, 'malformed: header-repeated'],
    ['a strange second signature', { signature: `${RANDOM}, ${SIGNATURE}` }, 'malformed: header-repeated'],
    ['repeated signatures that do not fit', { signature: `${RANDOM}, ${RANDOM}` }, 'malformed: header-repeated'],
    ['a repeated timestamp', { timestamp: `${TIMESTAMP}, ${TIMESTAMP}` }, 'mismatch: header-repeated'],
    [
      'every header twice',
      { timestamp: `${TIMESTAMP}, ${TIMESTAMP}`, signature: `${SIGNATURE}, ${SIGNATURE}` },
      'malformed: header-repeated',
    ],
    ['a repeated event id', { eventId: 'evt-1, evt-1' }, 'event-id: header-repeated'],
    ['no event id', { eventId: undefined }, 'event-id: event-id-missing'],
    ['an empty event id', { eventId: '' }, 'event-id: event-id-missing'],
    ['an event id that is too long', { eventId: 'e'.repeat(129) }, 'event-id: event-id-malformed'],
    ['an event id with a colon', { eventId: 'evt:1' }, 'event-id: event-id-malformed'],
    ['a Content-Encoding', { contentEncoding: 'gzip' }, 'encoding: encoding'],
    ['a Content-Encoding that is none', { contentEncoding: 'Identity' }, 'verifies'],
    ['a body over 1 MiB', { rawBody: Buffer.alloc(1_048_577) }, 'size: size'],
    ['an unknown signature', { signature: RANDOM }, 'mismatch: secret-unknown'],
    ['63 digits', { signature: 'a'.repeat(63) }, 'malformed: signature-malformed'],
    ['40 digits that are no SHA-1 of ours', { signature: 'a'.repeat(40) }, 'malformed: signature-malformed'],
    ['16 KiB of commas', { signature: ', '.repeat(8192) }, 'malformed: signature-malformed'],
    ['an empty body', { rawBody: Buffer.alloc(0) }, 'mismatch: body-lost'],
    ['a body that a parser found none in', { rawBody: Buffer.from('{}') }, 'mismatch: body-lost'],
    ['an object written as text', { rawBody: Buffer.from('[object Object]') }, 'mismatch: body-lost'],
    ['a body changed in no usual way', { rawBody: Buffer.from(BODY.replace('92', '93')) }, 'mismatch: secret-unknown'],
  ])('finds %s', (_what, changes, expected) => {
    expect(causeOf({ ...RIGHT, ...changes })).toBe(expected);
  });

  test.each<[string, string, string]>([
    ['base64', hmac('sha256', 'base64', `${TIMESTAMP}:`, BODY), 'signature-recoded'],
    ['base64url', Buffer.from(SIGNATURE, 'hex').toString('base64url'), 'signature-recoded'],
    ['a prefix', `sha256=${SIGNATURE}`, 'signature-recoded'],
    ['a prefix before base64', `v1,${hmac('sha256', 'base64', `${TIMESTAMP}:`, BODY)}`, 'signature-recoded'],
    ['a scheme with its own time', `t=${TIMESTAMP},v1=${SIGNATURE}`, 'signature-recoded'],
    ['0x', `0x${SIGNATURE}`, 'signature-recoded'],
    ['quotes', `"${SIGNATURE}"`, 'signature-recoded'],
    ['white space in upper case', ` ${SIGNATURE.toUpperCase()}\n`, 'signature-recoded'],
    ['SHA-1', hmac('sha1', 'hex', `${TIMESTAMP}:`, BODY), 'other-algorithm'],
    ['SHA-512', hmac('sha512', 'hex', `${TIMESTAMP}:`, BODY), 'other-algorithm'],
    ['SHA-384 in base64', hmac('sha384', 'base64', `${TIMESTAMP}:`, BODY), 'other-algorithm'],
    ['the body alone, in base64', hmac('sha256', 'base64', BODY), 'other-template'],
  ])('finds a signature written with %s', (_what, signature, cause) => {
    expect(causeOf({ ...RIGHT, signature })).toBe(`malformed: ${cause}`);
  });

  test.each<[string, (string | Buffer)[]]>([
    ['the body alone', [BODY]],
    ['timestamp.body', [`${TIMESTAMP}.`, BODY]],
    ['timestampbody', [TIMESTAMP, BODY]],
    ['body:timestamp', [BODY, `:${TIMESTAMP}`]],
    ['id.timestamp.body', [`evt-1.${TIMESTAMP}.`, BODY]],
    ['v0:timestamp:body', [`v0:${TIMESTAMP}:`, BODY]],
  ])('finds that %s was signed', (_what, message) => {
    expect(causeOf({ ...RIGHT, signature: hmac('sha256', 'hex', ...message) })).toBe('mismatch: other-template');
  });

  test.each<[string, string, string]>([
    ['a line feed', SECRET, `${SECRET}\n`],
    ['CR LF', SECRET, `${SECRET}\r\n`],
    ['a space at the end', SECRET, `${SECRET} `],
    ['a space before it', SECRET, ` ${SECRET}`],
    ['double quotes', SECRET, `"${SECRET}"`],
    ['single quotes', SECRET, `'${SECRET}'`],
    ['quotes of ours', SECRET, SECRET],
  ])('finds a secret that was signed with %s', (what, ours, theirs) => {
    const known = what === 'quotes of ours' ? `"${ours}"` : ours;
    expect(causeOf(came({}, { secret: theirs }), { secrets: ['other', known] })).toBe('mismatch: secret-recoded');
  });

  test('finds a secret of ours with white space around it', () => {
    expect(causeOf(RIGHT, { secrets: [`${SECRET}\n`] })).toBe('mismatch: secret-recoded');
  });

  test('finds a secret that is the text of its bytes', () => {
    const signature = createHmac('sha256', Buffer.from(base64Secret, 'base64')).update(`${TIMESTAMP}:${BODY}`);
    const delivery = { ...RIGHT, signature: signature.digest('hex') };
    expect(causeOf(delivery, { secrets: [base64Secret] })).toBe('mismatch: secret-recoded');
    expect(causeOf(delivery, { secrets: [`whsec_${base64Secret}`] })).toBe('mismatch: secret-recoded');
  });

  test('finds a secret that was taken for two', () => {
    expect(causeOf(came({}, { secret: 'a,b' }), { secrets: ['a', 'b'] })).toBe('mismatch: secret-recoded');
  });

  test('finds a secret that is no longer accepted, and only when it is told of it', () => {
    const delivery = came({}, { secret: 'old' });
    expect(causeOf(delivery, { retired: ['older', 'old'] })).toBe('mismatch: secret-retired');
    expect(causeOf(delivery)).toBe('mismatch: secret-unknown');
  });

  test.each<[string, string | Buffer, string | Buffer]>([
    ['indented by 2', LETTERS, pretty],
    ['indented by 4', LETTERS, JSON.stringify(parsed, null, 4)],
    ['made compact', pretty, LETTERS],
    ['made compact from 4', JSON.stringify(parsed, null, 4), LETTERS],
    ['made compact from tabs', JSON.stringify(parsed, null, '\t'), LETTERS],
    ['written without spaces', '{"event": "a: b, c", "n": [1, 2]}', '{"event":"a: b, c","n":[1,2]}'],
    ['spaced', '{"event":"a"}', '{ "event" : "a" }'],
    ['indented with numbers that JSON does not keep', '{"n":1.0,"m":1e400}', '{\n  "n": 1.0,\n  "m": 1e400\n}'],
    ['given a line feed', LETTERS, `${LETTERS}\n`],
    ['robbed of a line feed', `${LETTERS}\n`, LETTERS],
    ['robbed of CR LF', `${LETTERS}\r\n`, LETTERS],
    ['trimmed of its last line end, and compacted', `${pretty}\n`, LETTERS],
    ['given white space', LETTERS, `  ${LETTERS} `],
    ['given CR LF', pretty, pretty.replaceAll('\n', '\r\n')],
    ['robbed of CR', pretty.replaceAll('\n', '\r\n'), pretty],
    ['unescaped', escaped, LETTERS],
    ['unescaped from capitals', LETTERS.replace('ë', '\\u00EB'), LETTERS],
    ['escaped', LETTERS, escaped],
    ['unescaped from slashes', LETTERS.replace('/', '\\/'), LETTERS],
    ['unescaped from both', escaped.replace('/', '\\/'), LETTERS],
    ['unescaped for HTML', LETTERS.replace('<', '\\u003c').replace('&', '\\u0026').replace('>', '\\u003e'), LETTERS],
    ['put into a JSON string', LETTERS, JSON.stringify(LETTERS)],
  ])('finds a body that was %s', (_what, body, changed) => {
    expect(causeOf(came({ rawBody: Buffer.from(changed) }, { body }))).toBe('mismatch: body-reserialised');
  });

  test.each<[string, string | Buffer, string | Buffer]>([
    ['given a byte order mark', LETTERS, `\ufeff${LETTERS}`],
    ['robbed of its byte order mark', `\ufeff${LETTERS}`, LETTERS],
    ['taken for Latin-1', LETTERS, Buffer.from(Buffer.from(LETTERS).toString('latin1'), 'utf8')],
    ['made Latin-1', LETTERS, Buffer.from(LETTERS, 'latin1')],
    ['made UTF-8', Buffer.from(LETTERS, 'latin1'), LETTERS],
    ['written as base64', LETTERS, Buffer.from(LETTERS).toString('base64')],
    ['compressed with gzip', LETTERS, gzipSync(LETTERS)],
    ['compressed with deflate', LETTERS, deflateSync(LETTERS)],
    ['compressed with brotli', LETTERS, brotliCompressSync(LETTERS)],
  ])('finds a body that was %s', (_what, body, changed) => {
    expect(causeOf(came({ rawBody: Buffer.from(changed) }, { body }))).toBe('mismatch: body-recoded');
  });

  test.each([
    ['milliseconds', `${TIMESTAMP}000`, TIMESTAMP],
    ['seconds', TIMESTAMP, `${TIMESTAMP}000`],
    ['seconds, of ISO 8601', TIMESTAMP, `${ISO}.000Z`],
    ['ISO 8601', `${ISO}Z`, TIMESTAMP],
    ['ISO 8601 with milliseconds', `${ISO}.000Z`, TIMESTAMP],
    ['ISO 8601 with a zone', `${ISO}+00:00`, `${ISO}Z`],
    ['an HTTP date', 'Mon, 23 Nov 2026 09:00:00 GMT', TIMESTAMP],
    ['seconds, of microseconds', TIMESTAMP, `${TIMESTAMP}000000`],
    ['seconds, of an HTTP date', TIMESTAMP, 'Mon, 23 Nov 2026 09:00:00 GMT'],
  ])('finds a timestamp that was signed as %s', (_what, signed, sent) => {
    expect(causeOf(came({ timestamp: sent }, { timestamp: signed }))).toBe('mismatch: timestamp-rewritten');
  });

  test.each([
    [`${TIMESTAMP}000000`, 'microseconds'],
    [`${TIMESTAMP}.5`, 'a fraction'],
    ['2026-11-23', 'without a time'],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 'another format'],
    ['yesterday', 'in no format that we know: '],
  ])('finds a rightly signed timestamp that nobody can read: %s', (timestamp, how) => {
    const delivery = came({}, { timestamp });
    expect(causeOf(delivery)).toBe('malformed: timestamp-unreadable');
    expect(adviceOf(delivery)).toContain(how);
    expect(diagnose(delivery, TERMS, NOW).skewSeconds).toBeNull();
  });

  test.each([
    [-301, 'stale: clock-skew', '5 min ahead of our clock'],
    [-86_400 * 3, 'stale: clock-skew', '3 days ahead of our clock'],
    [8 * 3600 + 1, 'stale: old-delivery', '8 h 0 min behind our clock'],
    [86_400 * 30, 'stale: old-delivery', '30 days behind our clock'],
  ])('tells a delivery that is late by %i s from a wrong clock', (lateSeconds, expected, how) => {
    const delivery = came({}, { timestamp: String(NOW / 1000 - lateSeconds) });
    expect(causeOf(delivery)).toBe(expected);
    expect(adviceOf(delivery)).toContain(how);
    expect(diagnose(delivery, TERMS, NOW).skewSeconds).toBe(lateSeconds);
  });

  test('blames the window, not the sender, for a retry that a narrow window refuses', () => {
    const delivery = came({}, { timestamp: String(NOW / 1000 - 1200) });
    const window = { backMs: 300_000, aheadMs: 300_000 };
    expect(causeOf(delivery, { window })).toBe('stale: clock-skew');
    expect(adviceOf(delivery, { window })).toMatch(/20 min behind .*windowBackSeconds/);
  });

  test('says of an event id how long it is and what is in it, never what it is', () => {
    const advice = (eventId: string): string => adviceOf({ ...RIGHT, eventId });
    expect(advice('e'.repeat(200))).toContain('it has 200 characters)');
    expect(advice('geheim:1')).toContain('8 characters, with a colon');
    expect(advice('geheim 1')).toContain('white space');
    expect(advice('geheim/1')).toContain('a slash');
    expect(advice('geheim\u00e9')).toContain('other characters than ASCII');
    expect(advice('geheim#1')).toContain('other punctuation');
    expect(advice('geheim:1')).not.toContain('geheim');
  });

  test('tells another company from ours written otherwise', () => {
    expect(causeOf(came({}, { body: bodyOf({ companyId: 'globex' }) }))).toBe('company: company-unknown');
    expect(causeOf(came({}, { body: bodyOf({ companyId: ' Acme' }) }))).toBe('company: company-spelling');
  });

  test('says both when a prefix and the template are wrong', () => {
    const signature = `sha256=${hmac('sha256', 'hex', BODY)}`;
    expect(adviceOf({ ...RIGHT, signature })).toContain('(the body alone; with `sha256=` before it)');
  });

  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), fc.constant(pretty));
  const secrets = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 });

  test('never gives a cause to what is rightly signed', () => {
    fc.assert(
      fc.property(text, secrets, fc.nat(), fc.integer({ min: -300, max: 8 * 3600 }), (body, known, nth, late) => {
        const timestamp = String(NOW / 1000 - late);
        const secret = known[nth % known.length] ?? '';
        const delivery = came({}, { body, timestamp, secret });
        const foreign = causeOf(delivery, { secrets: known }) === 'company: company-unknown';
        expect(foreign || causeOf(delivery, { secrets: known }) === 'verifies').toBe(true);
      }),
    );
  });

  test('explains a random signature by nothing but an unknown secret', () => {
    const bodies = text.filter((body) => !['', '{}', '[object Object]'].includes(body));
    const signatures = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes) => Buffer.from(bytes).toString('hex'));
    fc.assert(
      fc.property(bodies, signatures, secrets, (body, signature, known) => {
        const delivery = { ...RIGHT, rawBody: Buffer.from(body), signature };
        expect(causeOf(delivery, { secrets: known, retired: ['old'] })).toBe('mismatch: secret-unknown');
      }),
    );
  });

  test('answers anything, and repeats no value of it', () => {
    const header = fc.option(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), { nil: undefined });
    fc.assert(
      fc.property(header, header, header, text, (signature, timestamp, eventId, body) => {
        const delivery = { signature, timestamp, eventId, rawBody: Buffer.from(body) };
        expect(causeOf(delivery)).not.toBe('verifies');
      }),
    );
    const planted = { signature: 'sig-geheim', timestamp: 'time-geheim', eventId: 'id-geheim' };
    const told = JSON.stringify(diagnose({ ...planted, rawBody: Buffer.from('"geheim"') }, TERMS, NOW));
    expect(told).not.toContain('geheim');
    expect(told).not.toContain(SECRET);
  });

  test.each([
    ['a JSON text of 1 MiB', JSON.stringify('a'.repeat(1_000_000))],
    ['10,000 deep', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['400,000 brackets', '[1,'.repeat(100) + '[],'.repeat(300_000) + '1' + ']'.repeat(100)],
  ])('survives a body of %s', (_what, body) => {
    expect(causeOf({ ...RIGHT, rawBody: Buffer.from(body) })).toBe('mismatch: secret-unknown');
  });

  test('has each rule and cause of the code in docs/refusals.md', () => {
    const read = (path: string): string => readFileSync(join(__dirname, '../../..', path), 'utf8');
    const causes = [...read('src/receiver/refusals/causes.ts').matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(
      ([, name]) => name,
    );
    expect(causes).toContain('secret-unknown');
    const names = [...causes, ...Object.keys(refusals)];
    expect(names.filter((name) => !read('docs/refusals.md').includes(`\`${String(name)}\``))).toEqual([]);
  });
});
