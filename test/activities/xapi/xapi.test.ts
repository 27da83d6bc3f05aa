import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { ConnectorActivities } from '../../../activities';
import { renderCertificate } from '../../../activities/certificate';
import type { StatementFacts } from '../../../activities/xapi/statement';
import { people } from '../../../src/dev/people';
import type { StandIns } from '../../../src/dev/stand-ins';
import { effectsOf } from '../../../src/ledger';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { start, stateOf, stopAll } from '../../dev/stand-ins/running';
import {
  at,
  connectTo,
  emptyLedger,
  failOnce,
  runOnce,
  serve,
  TOKEN,
  workflow,
  written,
  type ConnectorOptions,
  type Functions,
} from '../running';

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
type Xapi = Functions<ConnectorActivities['xapi']>;
let xapi: Xapi;
const servers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [ledger, standIns] = await Promise.all([openLedger(), start()]);
  pool = ledger.pool;
  xapi = xapiAt(`${standIns.url}/xapi`);
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
});
afterEach(() => Promise.all(servers.splice(0).map((stop) => stop())));

const xapiAt = (url: string): Xapi => connectTo(pool, 'xapi', at.xapi(url));

const facts: StatementFacts = {
  userId: people.carla.userId,
  courseId: 'c/1 & more',
  courseName: 'Größe: “Discovery”',
  score: 92.5,
  completedAt: '2026-11-01T10:00:00+01:00',
  verb: 'completed',
};

const secrets = [TOKEN, Buffer.from(`mindtickle:${TOKEN}`).toString('base64'), facts.userId, facts.courseName];

async function statements() {
  return (await stateOf(standIns)).xapi.statements;
}

/** The calls as the store saw them. */
async function calls(): Promise<string[]> {
  const all = (await stateOf(standIns)).calls;
  return all.map(({ method, status }) => `${method} ${status}`);
}

async function store(...[listener]: Parameters<typeof serve>): Promise<string> {
  const { url, stop } = await serve(listener);
  servers.push(stop);
  return url;
}

/** A store that answers every PUT with 409, and every GET with `body`. */
async function conflicting(body: unknown): Promise<Xapi> {
  const url = await store((request, response) => {
    request
      .resume()
      .on('end', () => response.writeHead(request.method === 'PUT' ? 409 : 200).end(JSON.stringify(body)));
  });
  return xapiAt(url);
}

describe('storeStatement', () => {
  test('says who completed what, with which score, and when', async () => {
    const own = workflow({ workflowId: 'evt-1' });
    await expect(own.run(xapi.storeStatement, own.step('storeStatement'), facts)).resolves.toBe('done');
    const [stored] = await statements();
    expect(stored?.statement).toMatchObject({
      actor: { objectType: 'Agent', account: { homePage: 'https://app.mindtickle.com', name: 'mt-carla' } },
      verb: { id: 'http://adlnet.gov/expapi/verbs/completed', display: { 'en-US': 'completed' } },
      object: {
        objectType: 'Activity',
        id: 'https://app.mindtickle.com/courses/c%2F1%20%26%20more',
        definition: { type: 'http://adlnet.gov/expapi/activities/course', name: { 'en-US': facts.courseName } },
      },
      result: { score: { scaled: 0.925, raw: 92.5, min: 0, max: 100 }, completion: true },
      context: { platform: 'MindTickle' },
      timestamp: '2026-11-01T09:00:00Z',
    });
    expect(stored?.statement['result']).not.toHaveProperty('success');
    expect(JSON.stringify(stored)).not.toContain('@');
  });

  test('brings the certificate, to the byte', async () => {
    await runOnce(xapi.storeStatement, facts);
    const pdf = await renderCertificate(facts);
    const sha2 = createHash('sha256').update(pdf).digest('hex');
    const [stored] = await statements();
    expect(stored?.files).toEqual([{ contentType: 'application/pdf', bytes: pdf.length, sha2 }]);
    expect(stored?.statement['attachments']).toEqual([
      {
        usageType: 'http://id.tincanapi.com/attachment/certificate-of-completion',
        display: { 'en-US': 'Certificate of completion' },
        contentType: 'application/pdf',
        length: pdf.length,
        sha2,
      },
    ]);
  });

  test('passed is a success', async () => {
    await runOnce(xapi.storeStatement, { ...facts, verb: 'passed' });
    expect(await statements()).toMatchObject([
      { statement: { verb: { id: 'http://adlnet.gov/expapi/verbs/passed' }, result: { success: true } } },
    ]);
  });

  test('names learner and course as the policy does', async () => {
    const iris = { accountHomePage: 'https://acme.example.com', courseBase: 'https://acme.example.com/c/' };
    await runOnce(xapi.storeStatement, { ...facts, courseId: 'c1', iris });
    expect(await statements()).toMatchObject([
      {
        statement: {
          actor: { account: { homePage: 'https://acme.example.com' } },
          object: { id: 'https://acme.example.com/c/c1' },
        },
      },
    ]);
  });

  test.each([-3, 0, 100, 120, 300])('takes the score %d', async (score) => {
    await expect(runOnce(xapi.storeStatement, { ...facts, score })).resolves.toBe('done');
  });

  // The id is wire format: another one would be another statement about the same completion.
  test('has one id an event, verb and course', async () => {
    const ids = new Set<string>();
    for (const [workflowId, courseId, verb] of [
      ['evt-1', 'c1', 'completed'],
      ['evt-1', 'c1', 'passed'],
      ['evt-1', 'c2', 'completed'],
      ['evt-2', 'c1', 'completed'],
    ] as const) {
      const { run, step } = workflow({ workflowId });
      await run(xapi.storeStatement, step(`${courseId} ${verb}`), { ...facts, courseId, verb });
      ids.add(String((await statements()).at(-1)?.statement.id));
    }
    expect([...ids]).toEqual([
      expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      expect.any(String),
      expect.any(String),
      expect.any(String),
    ]);
    expect([...ids][0]).toBe('7f18658f-948e-54c1-b87a-047eb2308c63');
  });

  test('twice is once, in one step and in another', async () => {
    const { run, step } = workflow();
    await run(xapi.storeStatement, step('storeStatement'), facts);
    await expect(run(xapi.storeStatement, step('storeStatement'), facts)).resolves.toBe('done');
    await expect(calls()).resolves.toEqual(['PUT 204', 'GET 200']);
    await expect(run(xapi.storeStatement, step('storeStatement (2)'), facts)).resolves.toBe('done');
    await expect(statements()).resolves.toHaveLength(1);
  });

  test('a store that has lost the statement since gets it again by the same step', async () => {
    const { run, step } = workflow();
    await run(xapi.storeStatement, step('storeStatement'), facts);
    await fetch(`${standIns.url}/_reset`, { method: 'POST' });
    await expect(run(xapi.storeStatement, step('storeStatement'), facts)).resolves.toBe('done');
    await expect(statements()).resolves.toHaveLength(1);
  });

  test('another statement of its id is rejected', async () => {
    const own = workflow();
    await own.run(xapi.storeStatement, own.step('one'), facts);
    const refusal = await own.failure(xapi.storeStatement, own.step('two'), { ...facts, score: 10 });
    expect(refusal).toMatchObject({
      type: 'xapi.rejected',
      message: 'xapi: store the statement: holds another statement under this id',
      nonRetryable: true,
    });
    await expect(calls()).resolves.toEqual(['PUT 204', 'PUT 409', 'GET 200']);
    for (const secret of secrets) expect(written(refusal)).not.toContain(secret);
  });

  test('its row holds ids and a digest, no titles', async () => {
    const own = workflow();
    await own.run(xapi.storeStatement, own.step('storeStatement'), facts);
    const rows = await effectsOf(pool, own.workflowId);
    expect(rows).toMatchObject([
      {
        system: 'xapi',
        naturalKey: expect.stringMatching(/^statement:[0-9a-f-]{36}$/) as string,
        would: {
          verb: 'completed',
          course: facts.courseId,
          certificate: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
        result: 'done',
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain('Discovery');
  });
});

describe('a store that answers 409 to the same again', () => {
  const own = { workflowId: 'evt-9' };

  async function storedOf(more: object = {}): Promise<object> {
    const { run, step } = workflow(own);
    await run(xapi.storeStatement, step('first'), facts);
    const [stored] = await statements();
    // As another store would write the same.
    return {
      ...stored?.statement,
      verb: { id: 'http://adlnet.gov/expapi/verbs/completed', display: { de: 'abgeschlossen' } },
      timestamp: '2026-11-01T09:00:00.000000+00:00',
      ...more,
    };
  }

  test.each<[string, (statement: object) => unknown]>([
    ['bare', (statement) => statement],
    ['as a list of one', (statement) => ({ statements: [statement], more: '' })],
  ])('unchanged, where it holds ours: %s', async (_how, wrap) => {
    const other = await conflicting(wrap(await storedOf()));
    const { run, step } = workflow(own);
    await expect(run(other.storeStatement, step('again'), facts)).resolves.toBe('unchanged');
  });

  test.each<[string, object | null]>([
    ['another learner', { actor: { account: { homePage: 'https://app.mindtickle.com', name: 'mt-omar' } } }],
    ['another verb', { verb: { id: 'http://adlnet.gov/expapi/verbs/passed' } }],
    ['another course', { object: { id: 'https://app.mindtickle.com/courses/c2' } }],
    ['another score', { result: { score: { scaled: 0.1, raw: 10, min: 0, max: 100 }, completion: true } }],
    ['another time', { timestamp: '2026-11-01T10:00:00Z' }],
    ['no time', { timestamp: null }],
    ['nothing of it', { actor: null, verb: 1, object: 'x', result: undefined }],
  ])('rejected, where it holds %s', async (_what, more) => {
    const other = await conflicting(await storedOf(more ?? {}));
    const { failure, step } = workflow(own);
    await expect(failure(other.storeStatement, step('again'), facts)).resolves.toMatchObject({
      type: 'xapi.rejected',
      message: 'xapi: store the statement: holds another statement under this id',
    });
  });

  test.each([null, [], { statements: [] }, 'text', { statements: 7 }])('rejected, where it says %j', async (body) => {
    const other = await conflicting(body);
    const { failure, step } = workflow(own);
    await expect(failure(other.storeStatement, step('again'), facts)).resolves.toMatchObject({ type: 'xapi.rejected' });
  });
});

describe('a store that does not do as asked', () => {
  test.each([
    ['an id, as POST would', 200, '["6690e6c9-3ef0-4ed3-8b37-7f3964730bee"]'],
    ['accepted', 202, ''],
  ])('%s (%d) is rejected, never read as stored', async (_what, status, body) => {
    const url = await store((request, response) => {
      request.resume().on('end', () => response.writeHead(status, { 'content-type': 'text/html' }).end(body));
    });
    const refusal = await failOnce(xapiAt(url).storeStatement, facts);
    expect(refusal).toMatchObject({ type: 'xapi.rejected', details: [{ status }] });
  });
});

describe('a store that takes no attachments', () => {
  /** Hands on what is JSON, and answers the multipart form by `status`. */
  function without(status: number, options: ConnectorOptions = {}): { xapi: Xapi; forms: () => number } {
    let forms = 0;
    const xapiOf = connectTo(pool, 'xapi', at.xapi(`${standIns.url}/xapi`), {
      fetch: (input, init) => {
        const type = (init?.headers as Record<string, string>)['content-type'] ?? '';
        if (!type.startsWith('multipart/')) return fetch(input, init);
        forms += 1;
        return Promise.resolve(new Response('no', { status }));
      },
      ...options,
    });
    return { xapi: xapiOf, forms: () => forms };
  }

  const files = async () => (await statements()).map(({ files: all, statement }) => [all, statement['attachments']]);

  test.each([400, 413, 415, 422])('that answers the form with %d gets the statement alone', async (status) => {
    const other = without(status);
    await expect(runOnce(other.xapi.storeStatement, facts)).resolves.toBe('without the certificate');
    expect(await files()).toEqual([[[], undefined]]);
    // The next one is not tried with the form.
    await expect(runOnce(other.xapi.storeStatement, facts)).resolves.toBe('without the certificate');
    expect(other.forms()).toBe(1);
  });

  test('that answers the form with 500 gets the statement alone at the third time', async () => {
    const other = without(500);
    const { run, failure, step } = workflow();
    for (let time = 0; time < 2; time += 1)
      await expect(failure(other.xapi.storeStatement, step('store'), facts)).resolves.toMatchObject({
        type: 'xapi.unavailable',
      });
    await expect(run(other.xapi.storeStatement, step('store'), facts)).resolves.toBe('without the certificate');
    await expect(run(other.xapi.storeStatement, step('store'), facts)).resolves.toBe('without the certificate');
    expect(await files()).toEqual([[[], undefined]]);
  });

  test('is tried with the form again after an hour', async () => {
    let at = 0;
    const other = without(422, { now: () => at });
    await runOnce(other.xapi.storeStatement, facts);
    at = 3_600_000;
    await runOnce(other.xapi.storeStatement, facts);
    expect(other.forms()).toBe(2);
  });

  test('a store that is away, or refuses the statement, is no such one', async () => {
    for (const [status, type] of [
      [503, 'unavailable'],
      [400, 'rejected'],
    ] as const) {
      const seen: string[] = [];
      const url = await store((request, response) => {
        seen.push(request.headers['content-type'] ?? '');
        request.resume().on('end', () => response.writeHead(status).end());
      });
      const other = xapiAt(url);
      for (let time = 0; time < 4; time += 1)
        await expect(failOnce(other.storeStatement, facts)).resolves.toMatchObject({ type: `xapi.${type}` });
      expect(seen.filter((one) => one.startsWith('multipart/'))).toHaveLength(4);
    }
  });

  test.each([401, 403, 404])('%d is not about the form', async (status) => {
    const other = without(status);
    await expect(failOnce(other.xapi.storeStatement, facts)).resolves.toMatchObject({ type: 'xapi.rejected' });
    expect(await statements()).toEqual([]);
  });

  test('with `attachments: never` no form is tried', async () => {
    const names = { accountHomePage: 'https://app.mindtickle.com', courseBase: 'https://app.mindtickle.com/courses/' };
    const other = without(500, { policy: { xapi: { ...names, attachments: 'never' } } });
    await expect(runOnce(other.xapi.storeStatement, facts)).resolves.toBe('without the certificate');
    expect(other.forms()).toBe(0);
    expect(await files()).toEqual([[[], undefined]]);
  });
});
