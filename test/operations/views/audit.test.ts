import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addRefusals } from '../../../src/ledger';
import type { FileReply } from '../../../src/operations/operation';
import { createReceivers } from '../../../src/operations/views';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { call, recordWrite, textOf, viewsOver } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  await ledger.pool.query('truncate receipts, learners, effects, refusals, replays');
});

interface Page {
  readonly rows: readonly { readonly workflowId: string; readonly what: string }[];
  readonly next: string | null;
}

describe('the audit', () => {
  test('goes through changes of the same microsecond without losing or repeating one', async () => {
    for (const n of [1, 2, 3, 4, 5])
      await recordWrite(ledger.pool, { workflowId: `w${n}`, step: 's', system: 'identity', would: { active: false } });
    await ledger.pool.query(`update effects set begun_at = '2026-03-02T09:00:00.123456Z' where workflow_id <> 'w3'`);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page = await call(viewsOver(ledger.pool), 'listAudit', {
        limit: '2',
        ...(cursor !== null && { cursor }),
      });
      seen.push(...page.rows.map(({ workflowId }) => workflowId));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual(['w3', 'w5', 'w4', 'w2', 'w1']);
  });

  test('of one person since a day says who changed what, as CSV without formulas too', async () => {
    const anna = { workflowId: 'w', step: 'freeze', system: 'identity', userId: 'anna', would: { active: false } };
    await recordWrite(ledger.pool, { ...anna, actor: 'olga', reason: '=HYPERLINK("http://x")' });
    await recordWrite(ledger.pool, { ...anna, workflowId: 'v', userId: 'bob' });
    await recordWrite(ledger.pool, { ...anna, workflowId: 'old' });
    await ledger.pool.query(`update effects set begun_at = '2020-01-01' where workflow_id = 'old'`);
    const filter = { userId: 'anna', since: '2021-01-01' };
    const { rows } = await call<Page>(viewsOver(ledger.pool), 'listAudit', filter);
    expect(rows).toMatchObject([{ workflowId: 'w', by: 'olga', what: 'active: false', status: 'done' }]);
    const csv = textOf(await call<FileReply>(viewsOver(ledger.pool), 'auditCsv', filter));
    expect(csv).toContain(`olga,"'=HYPERLINK(""http://x"")",active: false,identity,freeze,w,anna,done`);
  });
});

describe('what would have happened', () => {
  test('is listed and counted by system, without what was done', async () => {
    const write = { step: 's', would: { status: 'required' } };
    await recordWrite(ledger.pool, { ...write, workflowId: 'a', system: 'salesforce', userId: 'u', mode: 'observe' });
    await recordWrite(ledger.pool, { ...write, workflowId: 'b', system: 'slack', mode: 'observe' });
    await recordWrite(ledger.pool, { ...write, workflowId: 'c', system: 'salesforce' });
    expect(await call(viewsOver(ledger.pool), 'listObserved', { system: 'salesforce' })).toMatchObject({
      counts: [
        { system: 'salesforce', count: 1 },
        { system: 'slack', count: 1 },
      ],
      effects: [{ workflowId: 'a', would: 'status: required', person: { userId: 'u' } }],
      next: null,
    });
  });
});

describe('deliveries', () => {
  test('are counted for each of the last sixty minutes, and refusals come with advice', async () => {
    await ledger.pool
      .query(`insert into receipts (event_id, signature_digest, body_digest, event, workflow_id, first_run_id,
      signed_at, received_at) values ('e1', 's1', 'b', 'course.completed', 'e1', 'r', now(), now()),
      ('e2', 's2', 'b', 'course.completed', 'e2', 'r', now(), now() - interval '2 hours')`);
    const now = new Date().toISOString();
    const refusal = {
      rule: 'mismatch',
      address: '203.0.113.9',
      cause: 'secret-unknown',
      status: 403,
      count: 7,
      skewSeconds: null,
    };
    const lengths = { signatureLength: 64, timestampLength: 10, bodyLength: 300 };
    await addRefusals(ledger.pool, [
      { ...refusal, ...lengths, minute: `${now.slice(0, 16)}:00.000Z`, firstAt: now, lastAt: now },
    ]);
    const deps = viewsOver(ledger.pool, { adviseOn: (cause) => `look at ${cause}` });
    const answer = await call<{ minutes: { accepted: number; refused: number }[] }>(deps, 'showDeliveries');
    expect(answer).toMatchObject({
      refusals: [{ rule: 'mismatch', count: 7, address: '203.0.113.9', advice: 'look at secret-unknown' }],
      recent: [{ eventId: 'e1' }, { eventId: 'e2' }],
    });
    expect(answer.minutes).toHaveLength(60);
    const sum = (field: 'accepted' | 'refused') => answer.minutes.reduce((all, minute) => all + minute[field], 0);
    expect([sum('accepted'), sum('refused')]).toEqual([1, 7]);
  });
});

describe('createReceivers', () => {
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => server.close().closeAllConnections()));

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test('says of each how its spool is, and why one does not answer', async () => {
    const spool = { records: 3, bytes: 100, maxBytes: 1000, oldestAgeSeconds: 9, refusing: null, deadLetters: [] };
    const good = await serve(({ headers }, response) => {
      response.statusCode = headers.authorization === 'Bearer a-token' ? 200 : 401;
      response.end(JSON.stringify({ spool }));
    });
    const full = await serve((_request, response) =>
      response.end(JSON.stringify({ spool: { ...spool, refusing: 'full' } })),
    );
    const silent = await serve(() => undefined);
    const page = await serve((_request, response) => response.end('<html>'));
    const urls = [good, full, silent, page, 'http://127.0.0.1:1'];
    const answers = await createReceivers({ urls, token: () => 'a-token', timeoutMs: 1500 })();
    expect(answers.map(({ ready, spool: its, problem }) => [ready, its?.records, problem])).toEqual([
      [true, 3, null],
      [false, 3, 'its spool takes nothing: full'],
      [false, undefined, 'it does not answer'],
      [false, undefined, 'it cannot be reached'],
      [false, undefined, 'it cannot be reached'],
    ]);
    expect(await createReceivers({ urls: [good], token: () => 'another' })()).toMatchObject([
      { problem: 'it answered 401' },
    ]);
  });
});
