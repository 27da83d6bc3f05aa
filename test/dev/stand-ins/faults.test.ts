import type { StandIns } from '../../../src/dev/stand-ins';
import { patch, scim, sendMail, setFault, start, stateOf, stopAll, TOKEN, userId } from './running';

let standIns: StandIns;
let waited: number[];
beforeEach(async () => {
  waited = [];
  standIns = await start({ wait: async (ms) => Promise.resolve(waited.push(ms)) });
});
afterEach(stopAll);

const look = async (): Promise<Response> => scim(standIns, 'GET', '/Users');

async function statuses(system: string): Promise<readonly number[]> {
  return (await stateOf(standIns)).calls.filter((call) => call.system === system).map(({ status }) => status);
}

describe('identity', () => {
  test('down: the connection is cut at once, for as many calls as were asked for', async () => {
    await setFault(standIns, 'identity', { mode: 'down', calls: 2 });
    await expect(look()).rejects.toThrow('fetch failed');
    await expect(look()).rejects.toThrow('fetch failed');
    expect((await look()).status).toBe(200);
    expect(await statuses('identity')).toEqual([0, 0, 200]);
  });

  test.each([
    [undefined, 500],
    [503, 503],
    [403, 403],
  ])('error: answers status %s with %s, in SCIM, and does nothing', async (status, answered) => {
    const omar = await userId(standIns, 'mt-omar');
    await setFault(standIns, 'identity', { mode: 'error', ...(status !== undefined && { status }) });
    const response = await scim(standIns, 'DELETE', `/Users/${omar}`);
    expect(response.status).toBe(answered);
    expect(await response.json()).toMatchObject({ status: String(answered) });
    expect(await userId(standIns, 'mt-omar')).toBe(omar);
  });

  test('slow: waits, then does it', async () => {
    await setFault(standIns, 'identity', { mode: 'slow', latencyMs: 30_000, calls: 1 });
    expect((await look()).status).toBe(200);
    expect((await look()).status).toBe(200);
    expect(waited).toEqual([30_000]);
  });

  test('rate-limit: answers 429 and how long to wait', async () => {
    await setFault(standIns, 'identity', { mode: 'rate-limit', retryAfterSeconds: 7, calls: 1 });
    const limited = await look();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await look()).status).toBe(200);
  });

  test('lost-response: does it, records the status it had, and cuts the connection', async () => {
    const path = `/Users/${await userId(standIns, 'mt-omar')}`;
    const deactivate = patch({ op: 'replace', path: 'active', value: false });
    await setFault(standIns, 'identity', { mode: 'lost-response', calls: 1 });
    await expect(scim(standIns, 'PATCH', path, deactivate)).rejects.toThrow('fetch failed');
    expect((await scim(standIns, 'PATCH', path, deactivate)).status).toBe(204);
    expect(await statuses('identity')).toEqual([200, 204]);
  });
});

describe('mail', () => {
  test('down: the connection is cut before the greeting', async () => {
    await setFault(standIns, 'mail', { mode: 'down', calls: 1 });
    await expect(sendMail(standIns)).rejects.toMatchObject({
      code: expect.stringMatching(/^E(SOCKET|CONNECTION|CONNRESET)$/) as string,
    });
    await sendMail(standIns);
    const { mail, calls } = await stateOf(standIns);
    expect(mail.messages).toMatchObject([{ copies: 1 }]);
    expect(calls).toMatchObject([
      { method: 'CONNECT', status: 0 },
      { method: 'SEND', status: 250 },
    ]);
  });

  test.each([
    ['for now', undefined, 451],
    ['for now', 452, 452],
    ['permanently', 550, 550],
  ])('error: refuses the message %s with status %s', async (_name, status, answered) => {
    await setFault(standIns, 'mail', { mode: 'error', ...(status !== undefined && { status }) });
    await expect(sendMail(standIns)).rejects.toMatchObject({ responseCode: answered });
    expect((await stateOf(standIns)).mail.messages).toEqual([]);
    expect(await statuses('mail')).toEqual([answered]);
  });

  test('slow: waits, then keeps the message', async () => {
    await setFault(standIns, 'mail', { mode: 'slow', calls: 1 });
    await sendMail(standIns);
    expect(waited).toEqual([1000]);
    expect((await stateOf(standIns)).mail.messages).toHaveLength(1);
  });

  test('rate-limit: refuses with 451 4.7.1', async () => {
    await setFault(standIns, 'mail', { mode: 'rate-limit', calls: 1 });
    await expect(sendMail(standIns)).rejects.toMatchObject({
      response: expect.stringMatching(/^451 4\.7\.1 /) as string,
    });
    await sendMail(standIns);
    expect(await statuses('mail')).toEqual([451, 250]);
  });

  test('lost-response: keeps the message and cuts the connection, so that a second try is a second copy', async () => {
    await setFault(standIns, 'mail', { mode: 'lost-response', calls: 1 });
    await expect(sendMail(standIns)).rejects.toThrow();
    await sendMail(standIns);
    expect((await stateOf(standIns)).mail.messages).toMatchObject([{ copies: 2 }]);
    expect(await statuses('mail')).toEqual([250, 250]);
  });

  test('the fault of one system leaves the other alone', async () => {
    await setFault(standIns, 'mail', { mode: 'down' });
    expect((await look()).status).toBe(200);
  });
});

describe('PUT /_faults/<system>', () => {
  test('shows what is left of `calls`, and ok when none is', async () => {
    const faults = async (): Promise<unknown> => (await fetch(`${standIns.url}/_faults`)).json();
    await setFault(standIns, 'identity', { mode: 'error', calls: 2 });
    expect(await faults()).toMatchObject({ identity: { mode: 'error', calls: 2 }, mail: { mode: 'ok' } });
    await look();
    expect(await faults()).toMatchObject({ identity: { mode: 'error', calls: 1 } });
    await look();
    expect(await faults()).toMatchObject({ identity: { mode: 'ok' } });
  });

  test('ends with ok', async () => {
    await setFault(standIns, 'identity', { mode: 'error' });
    expect(await (await setFault(standIns, 'identity', { mode: 'ok' })).json()).toEqual({ mode: 'ok' });
    expect((await look()).status).toBe(200);
  });

  test.each<[unknown, RegExp]>([
    [{}, /"lost-response"[^]*at mode/],
    [{ mode: 'broken' }, /"lost-response"[^]*at mode/],
    [{ mode: 'error', status: 200 }, />=400[^]*at status/],
    [{ mode: 'slow', latencyMs: -1 }, />=0[^]*at latencyMs/],
    [{ mode: 'down', calls: 0 }, />=1[^]*at calls/],
    [{ mode: 'down', often: true }, /"often"/],
    ['down', /not valid JSON/],
  ])('refuses %j, says what is wrong, and changes nothing', async (body, detail) => {
    const response = await setFault(standIns, 'identity', body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 400, detail: expect.stringMatching(detail) as string });
    expect((await look()).status).toBe(200);
  });

  test('answers 404 for an unknown system, with those there are', async () => {
    const response = await setFault(standIns, 'payroll', { mode: 'down' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('identity, mail') as string });
  });
});

test('a caller who gives up on a slow system does not undo what it goes on to do', async () => {
  const waiting: (() => void)[] = [];
  const slow = await start({ wait: async () => new Promise<void>((resolve) => void waiting.push(resolve)) });
  const path = `${slow.url}/identity/scim/v2/Users/${await userId(slow, 'mt-omar')}`;
  await setFault(slow, 'identity', { mode: 'slow', calls: 1 });
  const leaving = new AbortController();
  const given = fetch(path, {
    method: 'PATCH',
    signal: leaving.signal,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(patch({ op: 'replace', path: 'active', value: false })),
  });
  while (waiting.length === 0) await stateOf(slow);
  leaving.abort();
  await expect(given).rejects.toThrow('aborted');
  await stateOf(slow); // by now the server has seen the caller leave
  waiting[0]?.();
  const { identity } = await stateOf(slow);
  expect(identity.users.find(({ externalId }) => externalId === 'mt-omar')?.active).toBe(false);
});
