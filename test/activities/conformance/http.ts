import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CancelledFailure } from '@temporalio/activity';
import type { Conforming, Step, Suite, Tried } from './suite';
import { delayOf } from '../running';
import { scriptHttp, type Meeting } from '../scripted-http';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MAY_PASS = [408, 425, 429, 500, 502, 503, 504];
const PERMANENT = [400, 401, 403, 404, 409, 422];
const SHORT_MS = 150;

/** The faults of a system behind HTTP. */
export function describeHttp(suite: Suite): void {
  describeStatuses(suite);
  describeConnections(suite);
  describeTime(suite);
  describeNonsense(suite);
}

/** What a system says at length, and must not get into a failure: in every field that a code may stand in, too. */
function said({ secrets }: Conforming): string {
  const words = `no such thing for ${secrets.join(' ')}`;
  const fields = ['detail', 'message', 'error', 'error_description', 'scimType', 'errorCode', 'errorSummary'];
  const inEach = Object.fromEntries(fields.map((field) => [field, secrets.at(-1) ?? words]));
  return JSON.stringify({ ...inEach, errors: [words], reason: words });
}

function saying(connector: Conforming, status: number, headers = {}): Meeting {
  const given = { 'content-type': 'application/json', 'x-said': encodeURIComponent(said(connector)), ...headers };
  return { status, body: said(connector), headers: given };
}

/** One attempt whose writes, or whose every request, meet something. */
async function meeting(
  suite: Suite,
  where: 'a write' | 'any request',
  what: Meeting,
  step: Step = suite.step(),
): Promise<Tried> {
  suite.http().meet = (seen) => (where === 'any request' || suite.isWrite(seen) ? what : undefined);
  return suite.attempt(step);
}

function describeStatuses(suite: Suite): void {
  const { connector } = suite;
  const { unlike = {} } = connector;
  const table = [
    ...MAY_PASS.map((status) => [status, 'unavailable'] as const),
    ...PERMANENT.map((status) => [status, 'rejected'] as const),
  ].map(([status, usual]) => [status, unlike[status] ?? usual] as const);

  describe('a write that is answered', () => {
    test.each(table)('%d: %s', async (status, outcome) => {
      const tried = await meeting(suite, 'a write', saying(connector, status));
      if (outcome === 'done') expect(tried.failure).toBeUndefined();
      else suite.expectFailure(tried, outcome);
    });
  });

  describe('a first request that is answered', () => {
    test.each(table.filter(([status]) => unlike[status] === undefined))('%d: %s', async (status, outcome) => {
      const tried = await meeting(suite, 'any request', saying(connector, status));
      suite.expectFailure(tried, outcome as 'unavailable' | 'rejected');
    });

    test.each([401, 403])('%d: the words say that the credentials were refused', async (status) => {
      const tried = await meeting(suite, 'any request', saying(connector, status));
      expect(tried.failure?.message).toContain('its credentials were refused');
    });
  });

  describe('Retry-After', () => {
    test.each([429, 503])('in seconds, with %d, is the next delay', async (status) => {
      const tried = await meeting(suite, 'any request', saying(connector, status, { 'retry-after': '17' }));
      suite.expectFailure(tried, 'unavailable');
      expect(delayOf(tried.failure)).toBe(17_000);
    });

    test.each([429, 503])('as an HTTP date, with %d, is the next delay', async (status) => {
      const date = new Date(Date.now() + 60_000).toUTCString();
      const tried = await meeting(suite, 'any request', saying(connector, status, { 'retry-after': date }));
      suite.expectFailure(tried, 'unavailable');
      expect(delayOf(tried.failure)).toBeGreaterThan(30_000);
      expect(delayOf(tried.failure)).toBeLessThanOrEqual(60_000);
    });
  });

  describe('a redirect', () => {
    test.each([301, 302, 303, 307, 308])('%d is not followed: a credential goes nowhere else', async (status) => {
      const elsewhere = await scriptHttp('');
      elsewhere.meet = () => saying(connector, 200);
      const headers = { location: `${elsewhere.origin}/`, 'x-amz-bucket-region': 'eu-central-1' };
      const tried = await meeting(suite, 'any request', saying(connector, status, headers));
      await elsewhere.stop();
      suite.expectFailure(tried, 'rejected');
      expect(elsewhere.seen).toEqual([]);
    });
  });
}

function describeConnections(suite: Suite): void {
  const { trial, attempt } = suite;

  describe('a connection', () => {
    test('cut before anything was done is unavailable, and the next attempt does it', async () => {
      const step = suite.step();
      suite.expectFailure(await meeting(suite, 'a write', 'cut', step), 'unavailable');
      await expect(trial().effects()).resolves.toBe(0);
      suite.http().meet = () => undefined;
      expect((await attempt(step)).failure).toBeUndefined();
      await expect(trial().effects()).resolves.toBe(1);
    });

    test('cut after the effect is unavailable; the next attempt says what it would have, and it is done once', async () => {
      const usual = await attempt(suite.step());
      await trial().reset();
      const workflowId = `lost-${suite.connector.name}`;
      let isFirst = true;
      suite.http().meet = (seen) => {
        if (!isFirst || !suite.isWrite(seen)) return undefined;
        isFirst = false;
        return 'lost';
      };
      suite.expectFailure(await attempt(suite.step(), { workflowId }), 'unavailable');
      await expect(trial().effects()).resolves.toBe(1);
      const again = await attempt(suite.step(), { workflowId, number: 2 });
      expect(again.failure).toBeUndefined();
      // A status may be another one the second time (200 after 201).
      if (typeof usual.result === 'string') expect(again.result).toBe(usual.result);
      await expect(trial().effects()).resolves.toBe(1);
    });

    test('to a port on which nobody listens is unavailable', async () => {
      const gone = await scriptHttp('');
      await gone.stop();
      suite.expectFailure(await attempt(suite.trial().connect({ url: gone.origin, timeoutMs: 5000 })), 'unavailable');
    });

    // It does not pass by itself, but a certificate is renewed without us, and then the step should go on by itself.
    test('whose certificate nobody has signed is unavailable, with the fault in `details`', async () => {
      const tls = await scriptHttp(new URL(trial().url).origin, { tls: true });
      const url = trial().url.replace(new URL(trial().url).origin, tls.origin);
      const tried = await attempt(trial().connect({ url, timeoutMs: 5000 }));
      await tls.stop();
      suite.expectFailure(tried, 'unavailable');
      const code = suite.connector.losesCodes === true ? 'Error' : 'DEPTH_ZERO_SELF_SIGNED_CERT';
      expect(tried.failure?.details).toEqual([expect.objectContaining({ code })]);
      expect(tls.seen).toEqual([]);
    });
  });
}

function describeTime(suite: Suite): void {
  const { trial, attempt, http } = suite;

  describe('a system that', () => {
    test.each(['hang', 'begin'] as const)('does not answer (%s) is given up after the time limit', async (how) => {
      const meets = meeting(suite, 'any request', how, suite.step(SHORT_MS));
      // A time limit that nobody holds may be collected as garbage.
      await http().hanging();
      collectGarbage();
      const tried = await meets;
      suite.expectFailure(tried, 'unavailable');
      await http().letGo();
    });

    test('does not answer is given up before Temporal gives the attempt up', async () => {
      http().meet = (seen) => (suite.isWrite(seen) ? 'hang' : undefined);
      suite.expectFailure(await attempt(suite.step(600_000), { startToCloseTimeoutMs: 1300 }), 'unavailable');
      await http().letGo();
    });

    test('answers byte by byte within the limit has done it', async () => {
      const tried = await meeting(suite, 'any request', 'slow');
      expect(tried.failure).toBeUndefined();
      await expect(trial().effects()).resolves.toBe(1);
    });

    test('hangs is let go at once when the activity is cancelled', async () => {
      const own = await scriptHttp(new URL(trial().url).origin);
      own.meet = (seen) => (suite.isWrite(seen) ? 'hang' : undefined);
      const url = trial().url.replace(new URL(trial().url).origin, own.origin);
      const step = trial().connect({ url, timeoutMs: 600_000 });
      const tried = await attempt(step, { cancelAfter: own.hanging() });
      await own.letGo();
      await own.stop();
      expect(tried.failure).toBeInstanceOf(CancelledFailure);
    });
  });
}

function describeNonsense(suite: Suite): void {
  const { connector, trial } = suite;
  const { unlike = {} } = connector;
  const page = (status: number): Meeting => ({
    status,
    headers: { 'content-type': 'text/html' },
    body: `<!doctype html><html><body>Sign in. ${said(connector)}</body></html>`,
  });

  describe('an answer that is no answer', () => {
    test.each(['a write', 'any request'] as const)('a sign-in page with 200, to %s: nothing is done', async (where) => {
      const tried = await meeting(suite, where, page(200));
      const outcome = unlike.html ?? 'rejected';
      if (outcome !== 'done') suite.expectFailure(tried, outcome);
    });

    test('a page with 502 is unavailable', async () => {
      suite.expectFailure(await meeting(suite, 'any request', page(502)), 'unavailable');
    });

    test.each(['a write', 'any request'] as const)('half a JSON, to %s, is unavailable', async (where) => {
      const half: Meeting = {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: said(connector).slice(0, -9),
      };
      const tried = await meeting(suite, where, half);
      const outcome = unlike.half ?? 'unavailable';
      if (outcome !== 'done') suite.expectFailure(tried, outcome);
      await expect(trial().effects()).resolves.toBe(0);
    });
  });
}
