import type { OpsToken } from '../../../src/settings';
import { startOps, TOKENS, VIEWER, type Asked, type RunningOps } from './running';

let ops: RunningOps;
let ending: AbortController;
beforeEach(() => {
  ending = new AbortController();
});
afterEach(async () => {
  ending.abort();
  await ops.close();
});

interface Events {
  readonly response: Response;
  /** The next block of lines; undefined at the end. */
  readonly next: () => Promise<string | undefined>;
}

async function watch(asked: Asked = {}): Promise<Events> {
  const response = await ops.open('GET /api/stream', { token: VIEWER, signal: ending.signal, ...asked });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const next = async (): Promise<string | undefined> => {
    for (let end = text.indexOf('\n\n'); ; end = text.indexOf('\n\n')) {
      if (end >= 0) {
        const block = text.slice(0, end);
        text = text.slice(end + 2);
        return block;
      }
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) return undefined;
      text += value;
    }
  };
  return { response, next };
}

const empty = 'event: change\nid: 1000\ndata: {"topics":[]}';

describe('GET /api/stream', () => {
  test('sends the number of the last change first, then each change to every viewer', async () => {
    ops = await startOps();
    const viewers = await Promise.all([watch(), watch()]);
    for (const { response, next } of viewers) {
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect([await next(), await next()]).toEqual(['retry: 3000', empty]);
    }
    ops.changes.publish(['workflows', 'effects']);
    for (const { next } of viewers)
      expect(await next()).toBe('event: change\nid: 1001\ndata: {"topics":["workflows","effects"]}');
  });

  test('goes on where a viewer was', async () => {
    ops = await startOps();
    const first = await watch();
    await first.next();
    ops.changes.publish(['bulk']);
    await first.next();
    await first.next();
    const back = await watch({ headers: { 'last-event-id': '1000' } });
    await back.next();
    expect(await back.next()).toBe('event: change\nid: 1001\ndata: {"topics":["bulk"]}');
    const lost = await watch({ headers: { 'last-event-id': 'nonsense' } });
    await lost.next();
    expect(await lost.next()).toContain('"workflows","effects","receipts"');
  });

  test('keeps the connection alive, and ends it with the token', async () => {
    let tokens: readonly OpsToken[] = TOKENS;
    ops = await startOps({ tokens: () => tokens, limits: { heartbeatMs: 5 } });
    const { next } = await watch();
    expect([await next(), await next(), await next()]).toEqual(['retry: 3000', empty, ':']);
    tokens = [];
    let last = await next();
    while (last === ':') last = await next();
    expect(last).toBeUndefined();
  });

  test('ends when the server is closed', async () => {
    ops = await startOps();
    const { next } = await watch();
    await next();
    await next();
    await ops.close();
    expect(await next()).toBeUndefined();
  });

  test('refuses a viewer too many, and takes one again when another has gone', async () => {
    ops = await startOps({ limits: { viewers: 1 } });
    const own = new AbortController();
    const { next } = await watch({ signal: own.signal });
    await next();
    expect(await ops.ask('GET /api/stream', { token: VIEWER })).toMatchObject({ status: 503 });
    own.abort();
    while (ops.viewers() > 0) await new Promise(setImmediate);
    expect((await watch()).response.status).toBe(200);
  });
});
