import { setImmediate } from 'node:timers/promises';
import type { Case } from '../../../src/operations/case';
import { openOperations } from './running';

type Opened = Awaited<ReturnType<typeof openOperations>>;

let ops: Opened;
beforeAll(async () => {
  ops = await openOperations();
});
afterAll(() => ops.stop());

interface Cases {
  readonly cases: readonly Case[];
  readonly total: number;
  readonly next: string | null;
}

async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await setImmediate();
  }
}

const list = (filter: object): Promise<Cases> => ops.ask('listWorkflows', filter);
const show = (
  workflowId: string,
): Promise<{ case: Case; state: { steps: object[]; history: object[] } | null; stateProblem: string | null }> =>
  ops.ask('showWorkflow', { workflowId });
const refusal = (status: number, detail: unknown) => ({
  refused: { status, detail: expect.stringMatching(detail as RegExp) as unknown },
});

const expired = (userId: string) => {
  const [day, later] = [-1, 60].map((days) => new Date(Date.now() + days * 86_400_000).toISOString());
  return { userId, certName: 'Sales Basics', expiredAt: day, renewalDeadline: later };
};

const left = (userId: string) => ({
  userId,
  email: null,
  reason: 'a reclaimed licence',
  deprovisionedAt: new Date().toISOString(),
});

/** First, while no worker is there. */
describe('without a worker', () => {
  let id: string;
  beforeAll(async () => {
    id = await ops.start('certification.expired', expired("o'neill"));
    await until(
      () => list({ userId: "o'neill" }),
      ({ total }) => total === 1,
    );
  });

  test('a case is listed by any value, and shown with why there is no state', async () => {
    const { cases } = await list({ userId: "o'neill", event: 'certification.expired', olderThan: '1m' });
    expect(cases).toEqual([]);
    const shown = await show(id);
    expect(shown).toMatchObject({
      case: { workflowType: 'recertification', status: 'running', phase: 'working' },
      state: null,
      stateProblem: expect.stringContaining('no worker answers: none has polled') as unknown,
      event: { eventId: id, event: 'certification.expired', body: { companyId: 'acme' } },
    });
    expect(shown.case.webUi).toMatch(/^http:\/\/ui\.example\/namespaces\/.*\/workflows\/evt-/);
  });

  test('an update is refused in bounded time, and a signal is kept', async () => {
    const moved = { workflowId: id, deadline: '2031-01-01', reason: 'ill' };
    expect(await ops.ask('sendExtendDeadline', moved)).toEqual(refusal(503, /no worker answered within five seconds/));
    expect(await ops.ask('sendEscalate', { workflowId: id, reason: 'urgent' })).toMatchObject({ state: null });
  });

  test('a Temporal that is away is said', async () => {
    ops.setAway(true);
    expect(await ops.ask('listNeeds')).toEqual(refusal(503, /Temporal cannot be reached/));
    ops.setAway(false);
  });
});

describe('with a worker', () => {
  beforeAll(() => ops.startWorker());

  test('one that never was, one of another type and one that has ended are told apart', async () => {
    expect(await ops.ask('sendCancel', { workflowId: 'evt-none', reason: 'r' })).toEqual(
      refusal(404, /was ever started/),
    );
    const id = await ops.start('certification.expired', expired('u-1'));
    await until(
      () => show(id),
      ({ case: { phase } }) => phase === 'waiting',
    );
    expect(await ops.ask('sendCoached', { workflowId: id, note: 'n' })).toEqual(
      refusal(409, /does not take `coached`/),
    );
    const past = { workflowId: id, deadline: '2020-01-01', reason: 'r' };
    expect(await ops.ask('sendExtendDeadline', past)).toEqual(refusal(409, /`deadline` must be ahead of now/));
    expect(await ops.ask('sendCancel', { workflowId: id, reason: 'a test', by: 'max' })).toMatchObject({
      note: 'done',
    });
    const { case: ended, state } = await until(
      () => show(id),
      (shown) => shown.case.status !== 'running',
    );
    expect(ended).toMatchObject({ outcome: 'cancelled', actions: [] });
    expect(state?.history).toContainEqual(
      expect.objectContaining({ what: 'cancel', by: 'ada', reason: 'a test (for max)' }),
    );
    expect(await ops.ask('sendCancel', { workflowId: id, reason: 'r' })).toEqual(refusal(409, /it has ended/));
  });

  test('what Temporal has forgotten is shown as the ledger keeps it', async () => {
    const final = {
      phase: 'done',
      outcome: 'lapsed',
      waitingFor: null,
      deadline: null,
      steps: [],
      history: [],
      notified: [],
    };
    await ops.pool.query(
      `insert into receipts (event_id, signature_digest, body_digest, event, workflow_id, first_run_id, user_id, signed_at,
         received_at, closed_at, outcome, final)
       values ('evt-old', 's', 'b', 'certification.expired', 'evt-old', 'r', 'u-9', now(), now(), now(), 'lapsed', $1)`,
      [JSON.stringify(final)],
    );
    expect(await show('evt-old')).toMatchObject({
      case: {
        workflowType: 'recertification',
        status: 'completed',
        outcome: 'lapsed',
        person: { userId: 'u-9' },
        actions: [],
      },
      state: { outcome: 'lapsed' },
      stateProblem: expect.stringContaining('Temporal has forgotten') as unknown,
      event: { eventId: 'evt-old', body: null },
    });
    const late = await ops.ask('sendCancel', { workflowId: 'evt-old', reason: 'r' });
    expect(late).toEqual(refusal(409, /Temporal has removed it/));
  });

  test('a request that is repeated is carried out once', async () => {
    const id = await ops.start('certification.expired', expired('u-2'));
    await until(
      () => show(id),
      ({ case: { phase } }) => phase === 'waiting',
    );
    const moved = { workflowId: id, deadline: '2031-01-01', reason: 'ill', requestId: 'click-1' };
    const first = await ops.ask('sendExtendDeadline', moved);
    expect(await ops.ask('sendExtendDeadline', { ...moved, deadline: '2032-01-01' })).toEqual(first);
    const { state } = await show(id);
    expect(
      state?.history.filter((entry) => (entry as { what: string }).what.startsWith('extendDeadline')),
    ).toHaveLength(1);
  });

  test('what is parked for one cause needs a person, is grouped, and is decided on at once', async () => {
    await ops.pool.query(
      `insert into learners (user_id, email, team_id) values ('u-3', 'kim@example.com', 'emea'), ('u-4', null, 'emea')`,
    );
    const ids = [
      await ops.start('user.deprovisioned', left('u-3')),
      await ops.start('user.deprovisioned', left('u-4')),
    ];
    const needs = await until(
      () => ops.ask('listNeeds') as Promise<Cases & { causes: object[] }>,
      ({ cases }) => cases.filter(({ step }) => step === 'checkReason').length === 2,
    );
    expect(needs.causes).toContainEqual(
      expect.objectContaining({
        cause: 'leaverReason',
        step: 'checkReason',
        count: 2,
        sentence: 'The reason given is not one of a leaver: 2',
      }),
    );
    const { cases, total } = await list({ teamId: 'emea', needs: 'person' });
    expect(total).toBe(2);
    expect(cases.find(({ workflowId }) => workflowId === ids[0])?.sentence).toMatch(
      /^The offboarding of kim \(u-3\) is stuck since .*: the reason given is not one of a leaver\. By itself, .*: it is escalated that access has not ended\.$/,
    );
    const order = { message: 'skipStep', args: {}, reason: 'they left', filter: { cause: 'leaverReason' } };
    expect(await ops.ask('sendToMany', { ...order, dryRun: true })).toMatchObject({
      total: 2,
      matched: 2,
      cases: [{}, {}],
    });
    const { bulkId } = (await ops.ask('sendToMany', { ...order, dryRun: false })) as { bulkId: string };
    const job = await until(
      () => ops.ask('showBulk', { bulkId }) as Promise<{ state: string }>,
      ({ state }) => state !== 'running',
    );
    expect(job).toMatchObject({ state: 'done', done: 2, failed: 0, by: 'ada', reason: 'they left' });
    for (const id of ids) {
      const { state } = await until(
        () => show(id),
        (shown) => shown.case.step !== 'checkReason',
      );
      expect(state?.steps).toContainEqual(
        expect.objectContaining({ step: 'checkReason', status: 'skipped', detail: 'by ada: they left' }),
      );
    }
  });

  test('the same escalation of many again does nothing more', async () => {
    const id = await ops.start('certification.expired', expired('u-5'));
    await until(
      () => list({ userId: 'u-5', phase: 'waiting' }),
      ({ total }) => total === 1,
    );
    const moved = {
      message: 'extendDeadline',
      args: { deadline: '2031-01-01' },
      reason: 'ill',
      filter: { userId: 'u-5' },
    };
    await ops.ask('sendExtendDeadline', { workflowId: id, deadline: '2031-01-01', reason: 'ill' });
    expect(await ops.ask('sendToMany', { ...moved, dryRun: true })).toMatchObject({ total: 1, matched: 0 });
    const order = { message: 'escalate', args: {}, reason: 'an audit', filter: { userId: 'u-5' } };
    const nothing = expect.stringMatching(/^nothing to do: it was escalated for this reason/) as string;
    for (const detail of ['sent', nothing]) {
      const { bulkId } = (await ops.ask('sendToMany', { ...order, dryRun: false })) as { bulkId: string };
      const job = await until(
        () => ops.ask('showBulk', { bulkId }) as Promise<{ state: string }>,
        ({ state }) => state !== 'running',
      );
      expect(job).toMatchObject({ results: [{ workflowId: id, ok: true, detail }] });
    }
    expect(await ops.ask('sendToMany', { ...order, dryRun: true })).toMatchObject({ total: 1, matched: 0, cases: [] });
  });

  test('lists by deadline go on from where they ended', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page: Cases = await list({
        sort: 'deadline',
        status: 'running',
        limit: 1,
        type: 'recertification',
        ...(cursor && { cursor }),
      });
      seen.push(...page.cases.map(({ deadline }) => String(deadline)));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual([...seen].sort());
    expect(await list({ cursor: 'of-nothing' })).toEqual(refusal(400, /cursor/));
  });

  test('a quarantined event shows its schema, and runs once it is corrected', async () => {
    const id = await ops.start('user.left', { userId: 'u-6' });
    await until(
      () => list({ type: 'quarantine', phase: 'waiting' }),
      ({ total }) => total === 1,
    );
    expect(await ops.ask('showQuarantined', { workflowId: id })).toMatchObject({
      event: 'user.left',
      body: { data: { userId: 'u-6' } },
      problems: [{ message: 'No event of this name is known.' }],
      schema: null,
    });
    const data = { event: 'user.deprovisioned', data: { userId: 'u-6', reason: 'terminated' }, companyId: 'acme' };
    expect(await ops.ask('sendRedrive', { workflowId: id, data })).toMatchObject({ note: 'done' });
    await until(
      () => list({ userId: 'u-6', type: 'offboarding', status: 'all' }),
      ({ total }) => total === 1,
    );
    expect(await ops.ask('showQuarantined', { workflowId: id })).toEqual(refusal(409, /not in quarantine/));
  });

  test('a correction is checked field by field before it is sent', async () => {
    const check = (data: object) => ops.ask('checkQuarantined', { event: 'user.deprovisioned', data });
    expect(await check({ userId: 'u-6' })).toEqual({ problems: [] });
    expect(await check({ userId: '' })).toEqual({ problems: [{ path: 'data.userId', message: 'is empty' }] });
  });
});

describe('connectors', () => {
  const held = async () =>
    ((await ops.ask('listConnectors')) as { connectors: { system: string }[] }).connectors.find(
      ({ system }) => system === 'identity',
    );

  test('one is held with a reason and by whom, and released', async () => {
    expect(await ops.ask('holdConnector', { system: 'identity', reason: 'new credentials' })).toMatchObject({
      held: { reason: 'new credentials', by: 'ada', since: expect.stringContaining('T') as unknown },
    });
    expect(await held()).toMatchObject({ label: 'Okta', mode: 'on', held: { by: 'ada' }, pollers: 0, backlog: 0 });
    await ops.ask('releaseConnector', { system: 'identity', reason: 'they work' });
    expect(await held()).toMatchObject({ held: null });
  });
});
