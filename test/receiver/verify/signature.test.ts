import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { parseTimestamp, verifySignature, type SignedMessage } from '../../../src/receiver/verify/signature';
import { signDelivery } from '../../../src/dev/mindtickle';

const NOW = Date.parse('2026-11-23T09:00:00Z');
const WINDOW = { backMs: 8 * 3_600_000, aheadMs: 300_000 };
const SECRET = 'whsec_test';
const BODY = '{"event":"course.completed"}';

function signed({ timestamp = String(NOW / 1000), body = BODY, secret = SECRET } = {}): SignedMessage {
  return { timestamp, signature: signDelivery({ body, secret, timestamp }), rawBody: Buffer.from(body) };
}

const check = (delivery: SignedMessage, secrets: readonly string[] = [SECRET], now = NOW) =>
  verifySignature(delivery, secrets, now, WINDOW);

const faultOf = (delivery: SignedMessage, secrets?: readonly string[]) => {
  const result = check(delivery, secrets);
  return result.ok ? 'ok' : result.fault;
};

describe('verifySignature', () => {
  test('accepts what `printf "<timestamp>:<body>" | openssl dgst -sha256 -hmac` signed', () => {
    const signature = 'fbec377d20b86fdefa19a97aec5ce0db2c3098e5e4c6a5dc2493cc6baf14293f';
    const result = check(
      { timestamp: '1763888400', signature, rawBody: Buffer.from(BODY) },
      [SECRET],
      Date.parse('2025-11-23T09:00:00Z'),
    );
    expect(result).toEqual({
      ok: true,
      signedAt: 1_763_888_400_000,
      signatureDigest: createHash('sha256').update(Buffer.from(signature, 'hex')).digest('hex'),
      secretIndex: 0,
    });
  });

  test('says which of several secrets signed it', () => {
    expect(check(signed({ secret: 'old' }), ['new', 'old'])).toMatchObject({ ok: true, secretIndex: 1 });
  });

  test('gives upper-case hex the digest of lower-case hex', () => {
    const lower = signed();
    const upper = { ...lower, signature: lower.signature?.toUpperCase() };
    expect(check(upper)).toEqual(check(lower));
  });

  test.each([
    ['no signature', { signature: undefined }, 'missing'],
    ['no timestamp', { timestamp: undefined }, 'missing'],
    ['neither', { signature: undefined, timestamp: undefined }, 'missing'],
    ['an empty signature', { signature: '' }, 'missing'],
    ['an empty timestamp', { timestamp: '' }, 'missing'],
    ['a short signature', { signature: 'ab' }, 'malformed'],
    ['63 digits', { signature: 'a'.repeat(63) }, 'malformed'],
    ['66 digits', { signature: 'a'.repeat(66) }, 'malformed'],
    ['letters beyond f', { signature: 'g'.repeat(64) }, 'malformed'],
    ['a prefix', { signature: `sha256=${'a'.repeat(64)}` }, 'malformed'],
    ['base64', { signature: Buffer.alloc(32, 7).toString('base64') }, 'malformed'],
    ['a line feed at the end', { signature: `${'a'.repeat(64)}\n` }, 'malformed'],
    ['letters that are 64 characters and more bytes', { signature: 'ä'.repeat(64) }, 'malformed'],
    ['two signatures', { signature: `${'a'.repeat(64)}, ${'a'.repeat(64)}` }, 'malformed'],
    ['another signature', { signature: 'a'.repeat(64) }, 'mismatch'],
    ['another timestamp', { timestamp: String(NOW / 1000 - 1) }, 'mismatch'],
    ['another body', { rawBody: Buffer.from(`${BODY} `) }, 'mismatch'],
  ])('refuses %s as %s', (_what, change, fault) => {
    expect(faultOf({ ...signed(), ...change })).toBe(fault);
  });

  test('refuses a delivery signed with an unknown secret, and with an empty list of secrets', () => {
    expect(faultOf(signed({ secret: 'stranger' }))).toBe('mismatch');
    expect(faultOf(signed(), [])).toBe('mismatch');
  });

  test('refuses a rightly signed timestamp that it cannot read as malformed', () => {
    expect(faultOf(signed({ timestamp: 'yesterday' }))).toBe('malformed');
  });

  test('does not tell a forger that the timestamp is stale', () => {
    expect(faultOf({ ...signed({ timestamp: '1000000000' }), signature: 'a'.repeat(64) })).toBe('mismatch');
    expect(faultOf(signed({ timestamp: '1000000000' }))).toBe('stale');
  });

  test.each([
    ['8 h back', -WINDOW.backMs, 'ok'],
    ['8 h and 1 ms back', -WINDOW.backMs - 1, 'stale'],
    ['5 min ahead', WINDOW.aheadMs, 'ok'],
    ['5 min and 1 ms ahead', WINDOW.aheadMs + 1, 'stale'],
  ])('finds a timestamp of %s %s', (_what, offset, expected) => {
    expect(faultOf(signed({ timestamp: String(NOW + offset) }))).toBe(expected);
  });

  test('signs over the literal text: the same instant written otherwise is another signature', () => {
    const seconds = signed();
    expect(faultOf({ ...seconds, timestamp: new Date(NOW).toISOString() })).toBe('mismatch');
  });

  test('refuses every body with one changed bit', () => {
    const any = fc.record({ body: fc.uint8Array({ minLength: 1, maxLength: 300 }), at: fc.nat(), bit: fc.nat(7) });
    fc.assert(
      fc.property(any, ({ body, at, bit }) => {
        const timestamp = String(NOW / 1000);
        const rawBody = Buffer.from(body);
        const signature = signDelivery({ body: rawBody, secret: SECRET, timestamp });
        const changed = Buffer.from(rawBody);
        const index = at % changed.length;
        changed.writeUInt8(changed.readUInt8(index) ^ (1 << bit), index);
        expect(faultOf({ timestamp, signature, rawBody })).toBe('ok');
        expect(faultOf({ timestamp, signature, rawBody: changed })).toBe('mismatch');
      }),
    );
  });

  test('answers any headers and bytes, and never accepts what it did not sign', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(undefined));
    fc.assert(
      fc.property(text, text, fc.uint8Array(), (timestamp, signature, body) => {
        expect(check({ timestamp, signature, rawBody: Buffer.from(body) }).ok).toBe(false);
      }),
    );
  });
});

describe('parseTimestamp', () => {
  test.each([
    ['0', 0],
    ['1763888400', 1_763_888_400_000],
    ['99999999999', 99_999_999_999_000],
    ['1763888400123', 1_763_888_400_123],
    ['2025-11-23T09:00:00Z', 1_763_888_400_000],
    ['2025-11-23T09:00:00.5Z', 1_763_888_400_500],
    ['2025-11-23T09:00:00.123456789Z', 1_763_888_400_123],
    ['2025-11-23T09:00Z', 1_763_888_400_000],
    ['2025-11-23T14:30:00+05:30', 1_763_888_400_000],
    ['2025-11-23T04:00:00-0500', 1_763_888_400_000],
    ['2025-11-23T09:00:00', 1_763_888_400_000],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('reads %s', (text, epochMs) => {
    expect(parseTimestamp(text)).toBe(epochMs);
  });

  test.each([
    '',
    ' ',
    '+1763888400',
    '-1763888400',
    '1763888400.5',
    '1.7638884e9',
    '0x6922cd10',
    ' 1763888400',
    '1763888400 ',
    '1_763_888_400',
    '１７６３８８８４００',
    '176388840012',
    '17638884001234',
    'NaN',
    'Infinity',
    'now',
    '2025-11-23',
    '2025-11-23 09:00:00Z',
    '2025-02-30T09:00:00Z',
    '2025-13-01T09:00:00Z',
    '2025-11-23T25:00:00Z',
    '2025-11-23T09:00:61Z',
    '2025-11-23T09:00:00+99:00',
    '2025-11-23T09:00:00[UTC]',
    'Sun, 23 Nov 2025 09:00:00 GMT',
    '1763888400, 1763888400',
  ])('does not read %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  test('reads any instant of this century alike in seconds, milliseconds and ISO 8601', () => {
    const instants = fc.integer({ min: Date.UTC(2002, 0), max: Date.UTC(2099, 0) });
    fc.assert(
      fc.property(instants, (at) => {
        expect(parseTimestamp(String(at))).toBe(at);
        expect(parseTimestamp(new Date(at).toISOString())).toBe(at);
        expect(parseTimestamp(String(Math.floor(at / 1000)))).toBe(Math.floor(at / 1000) * 1000);
      }),
    );
  });

  test('gives a finite time or undefined for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9TZ:.+-]{1,30}$/)), (text) => {
        const at = parseTimestamp(text);
        expect(at === undefined || Number.isFinite(at)).toBe(true);
      }),
    );
  });
});
