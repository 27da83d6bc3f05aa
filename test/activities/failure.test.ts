import type { ApplicationFailure } from '@temporalio/activity';
import {
  failureFromNetwork,
  failureFromStatus,
  ofCall,
  rateLimitResetMs,
  rejected,
  retryAfterMs,
  unavailable,
} from '../../activities/failure';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const SECRET = 'rita@example.com';

describe('failureFromStatus', () => {
  test.each([408, 425, 429, 500, 502, 503, 504, 599])('%d may pass', (status) => {
    expect(failureFromStatus('identity', status, new Headers())).toMatchObject({
      type: 'identity.unavailable',
      message: `identity answered ${status}`,
      nonRetryable: false,
      details: [{ status }],
    });
  });

  test.each([300, 302, 304, 400, 404, 405, 409, 410, 412, 422])('%d is for good', (status) => {
    expect(failureFromStatus('identity', status, new Headers())).toMatchObject({
      type: 'identity.rejected',
      message: `identity answered ${status}`,
      nonRetryable: true,
      details: [{ status }],
    });
  });

  test.each([401, 403])('%d says that the credentials were refused', (status) => {
    expect(failureFromStatus('identity', status, new Headers())).toMatchObject({
      type: 'identity.rejected',
      message: `identity answered ${status}: its credentials were refused`,
      nonRetryable: true,
    });
  });

  test('the far side’s code is kept', () => {
    expect(failureFromStatus('identity', 409, new Headers(), 'uniqueness').details).toEqual([
      { status: 409, code: 'uniqueness' },
    ]);
  });

  test('Retry-After becomes the next delay', () => {
    const failure = failureFromStatus('identity', 429, new Headers({ 'retry-after': '7' }));
    expect(failure.nextRetryDelay).toBe(7000);
  });

  test.each([[undefined], ['0'], ['soon'], ['Mon, 23 Nov 2020 12:00:00 GMT']])(
    'Retry-After %j leaves the delay to the policy',
    (value) => {
      const headers = new Headers(value === undefined ? {} : { 'retry-after': value });
      expect(failureFromStatus('identity', 503, headers).nextRetryDelay).toBeUndefined();
    },
  );
});

describe('retryAfterMs', () => {
  test.each<[string, string | null, number | undefined]>([
    ['none', null, undefined],
    ['seconds', '120', 120_000],
    ['no time', '0', 0],
    ['a date ahead', 'Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['a date that is past', 'Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['more than a day is a day', '9999999', 86_400_000],
    ['a date further than a day is a day', 'Mon, 30 Nov 2026 12:00:00 GMT', 86_400_000],
    ['words', 'a while', undefined],
    ['nothing', '', undefined],
  ])('%s', (_claim, header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });
});

describe('failureFromNetwork', () => {
  const withCode = (message: string, code: string, cause?: Error): Error =>
    Object.assign(new Error(message, { cause }), { code });

  test.each<[string, unknown, string]>([
    ['the code of its cause', new TypeError('fetch failed', { cause: withCode('x', 'ECONNREFUSED') }), 'ECONNREFUSED'],
    ['its own code', withCode('x', 'ECONNRESET'), 'ECONNRESET'],
    ['its name, where it has no code', Object.assign(new Error('x'), { name: 'TimeoutError' }), 'TimeoutError'],
    ['no code that is a number', Object.assign(new Error('x'), { name: 'AbortError', code: 20 }), 'AbortError'],
    ['nothing of what is no error', SECRET, 'unknown'],
  ])('keeps %s', (_claim, error, code) => {
    expect(failureFromNetwork('mail', error)).toMatchObject({
      type: 'mail.unavailable',
      message: expect.stringMatching(/^mail did not answer/) as string,
      nonRetryable: false,
      details: [{ code }],
    });
  });

  test.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /certificate is not trusted \(NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /certificate is not trusted \(NODE_EXTRA_CA_CERTS/],
    ['SELF_SIGNED_CERT_IN_CHAIN', /certificate is not trusted \(NODE_EXTRA_CA_CERTS/],
    ['CERT_HAS_EXPIRED', /certificate has expired/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for another host name/],
    ['ENOTFOUND', /host name is not known/],
    ['ECONNREFUSED', /nothing listens there/],
  ])('%s says what is known of the cause', (code, words) => {
    expect(failureFromNetwork('mail', withCode('x', code)).message).toMatch(words);
  });

  test('keeps nothing of the error’s words, which may name someone', () => {
    const failure = failureFromNetwork('mail', withCode(`no ${SECRET}`, 'EENVELOPE', withCode(SECRET, 'EDNS')));
    expect(JSON.stringify([failure.message, failure.details, failure.stack, failure.cause])).not.toContain(SECRET);
  });
});

describe('ofCall', () => {
  test('adds the call to the words and the details, once, and leaves the rest', () => {
    const failure = unavailable('slack', 'answered 503', { status: 503 }, 7000);
    const named = ofCall('chat.postMessage', failure) as ApplicationFailure;
    expect(named).toMatchObject({
      type: 'slack.unavailable',
      message: 'slack: chat.postMessage: answered 503',
      nonRetryable: false,
      nextRetryDelay: 7000,
      details: [{ status: 503, call: 'chat.postMessage' }],
    });
    expect(ofCall('another', named)).toBe(named);
    expect(ofCall('a call', rejected('slack', 'answered 404'))).toMatchObject({ nonRetryable: true });
  });

  test('leaves what is no failure of ours', () => {
    const error = new Error('x');
    expect(ofCall('a call', error)).toBe(error);
  });
});

describe('unavailable and rejected', () => {
  test('one retries, the other does not', () => {
    expect(unavailable('archive', 'is full')).toMatchObject({ type: 'archive.unavailable', nonRetryable: false });
    expect(rejected('archive', 'is full')).toMatchObject({ type: 'archive.rejected', nonRetryable: true });
  });

  test.each([0, -5, undefined])('a wish of %p ms is none', (ms) => {
    expect(unavailable('archive', 'is full', {}, ms).nextRetryDelay).toBeUndefined();
  });
});

describe('rateLimitResetMs', () => {
  const theirs = Math.floor(NOW / 1000) - 3600;

  test.each([
    ['by our clock', { 'x-rate-limit-reset': String(NOW / 1000 + 20) }, 20_000],
    ['by theirs', { 'x-rate-limit-reset': String(theirs + 20), date: new Date(theirs * 1000).toUTCString() }, 20_000],
    ['a day at most', { 'x-rate-limit-reset': String(NOW / 1000 + 999_999) }, 86_400_000],
    ['nothing of the past', { 'x-rate-limit-reset': String(NOW / 1000 - 1) }, undefined],
    ['nothing in seconds from now, as others have it', { 'x-rate-limit-reset': '30' }, undefined],
    ['nothing without the header', {}, undefined],
  ])('%s', (_name, headers, wait) => {
    expect(rateLimitResetMs(new Headers(headers), NOW)).toBe(wait);
  });
});
