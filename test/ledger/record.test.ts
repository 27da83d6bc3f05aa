import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { DAY, HOUR, type Fact } from '../../src/domain';
import {
  admitLeaver,
  closeWorkflow,
  confirmDeparture,
  countOpen,
  findLearner,
  closeGone,
  recordEvent,
  reinstateLearner,
  type Recorded,
} from '../../src/ledger';
import { completed, deprovisioned, expired, MONDAY, progressed, provisioned, quizzed, request, RULES } from './events';
import { openLedger, type LedgerFixture } from './fixture';

let ledger: LedgerFixture;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.stop());

/** Record as the workflow of event `eventId` would in its first run. */
function record(eventId: string, fact: Fact | null, rules = RULES): Promise<Recorded> {
  return recordEvent(ledger.pool, request(eventId, fact, rules));
}

/** Ids of this test alone: the tests share the tables. */
function newIds(): (name: string) => string {
  const test = randomUUID();
  return (name) => `${name} ${test}`;
}

const FAR_AHEAD = Date.parse('2099-01-01T00:00:00Z');

describe('recordEvent, the receipt', () => {
  test('of another run of the same event says duplicate', async () => {
    const id = newIds();
    await record(id('e'), completed(id('u')));
    const again = request(id('e'), completed(id('u')));
    const redelivered = { ...again, receipt: { ...again.receipt, firstRunId: 'run after retention' } };
    expect(await recordEvent(ledger.pool, redelivered)).toEqual({ outcome: 'duplicate', first: id('e') });
  });

  test('of the same event with other bytes says that they must be kept', async () => {
    const id = newIds();
    await record(id('e'), completed(id('u')));
    const { receipt, ...rest } = request(id('e'), completed(id('u')));
    const other = { ...rest, receipt: { ...receipt, firstRunId: 'run after retention', bodyDigest: 'other bytes' } };
    const answer = { outcome: 'duplicate', first: id('e'), conflict: true };
    expect(await recordEvent(ledger.pool, other)).toEqual(answer);
    expect(await recordEvent(ledger.pool, other)).toEqual(answer);
  });

  test('of the same signature under ten ids at once lets one of them run', async () => {
    const id = newIds();
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, async (_, n) => {
        const { receipt, ...rest } = request(id(`e${n}`), completed(id('u')));
        return recordEvent(ledger.pool, { ...rest, receipt: { ...receipt, signatureDigest: id('signature') } });
      }),
    );
    const ran = outcomes.findIndex(({ outcome }) => outcome === 'new');
    const others = outcomes.filter((_, n) => n !== ran);
    expect(others).toEqual(others.map(() => ({ outcome: 'replayed', first: id(`e${ran}`) })));
  });

  test('of progress is closed at once: its workflow does nothing more', async () => {
    const id = newIds();
    await record(id('p'), progressed(id('u')));
    await record(id('c'), completed(id('u')));
    const { rows } = await ledger.pool.query(
      'select outcome, closed_at is not null as closed from receipts where event_id = any($1) order by event_id',
      [[id('c'), id('p')]],
    );
    expect(rows).toEqual([
      { outcome: null, closed: false },
      { outcome: 'done', closed: true },
    ]);
  });

  test('keeps an event’s name that no text of Postgres can hold', async () => {
    const id = newIds();
    const { receipt, ...rest } = request(id('e'), null);
    const named = { ...rest, receipt: { ...receipt, event: 'half \ud800 and \0' } };
    expect(await recordEvent(ledger.pool, named)).toMatchObject({ outcome: 'new' });
  });

  test('of the same signature under another id says replayed, and applies nothing', async () => {
    const id = newIds();
    await record(id('e'), completed(id('u'), { score: 50 }));
    const forged = request(id('forged'), completed(id('u'), { score: 100 }));
    const replay = { ...forged, receipt: { ...forged.receipt, signatureDigest: `signature of ${id('e')}` } };
    expect(await recordEvent(ledger.pool, replay)).toEqual({ outcome: 'replayed', first: id('e') });
    const { rows } = await ledger.pool.query('select score from completions where user_id = $1', [id('u')]);
    expect(rows).toEqual([{ score: 50 }]);
  });

  test('leaves a replayed id free for the genuine event', async () => {
    const id = newIds();
    await record(id('e'), completed(id('u')));
    const forged = request(id('guessed'), completed(id('u')));
    await recordEvent(ledger.pool, {
      ...forged,
      receipt: { ...forged.receipt, signatureDigest: `signature of ${id('e')}`, firstRunId: 'run of the forger' },
    });
    expect(await record(id('guessed'), completed(id('v')))).toMatchObject({ outcome: 'new' });
  });

  test('of an event that cannot be read is kept unapplied until its own run comes back with the fact', async () => {
    const id = newIds();
    expect(await record(id('e'), null)).toEqual({ outcome: 'new', answer: {}, settledBy: null, settles: [] });
    expect(await appliedAt(id('e'))).toBeNull();
    expect(await record(id('e'), completed(id('u')))).toMatchObject({ answer: { firstCompletion: true } });
    expect(await appliedAt(id('e'))).toBeInstanceOf(Date);
  });

  test('may be pruned: the event recorded again finds its fact and goes on', async () => {
    const id = newIds();
    for (const fact of [completed(id('u')), expired(id('u')), quizzed(id('u')), deprovisioned(id('u'))]) {
      await record(id(fact.kind), fact);
      await ledger.pool.query('delete from receipts where event_id = $1', [id(fact.kind)]);
      expect(await record(id(fact.kind), fact)).toMatchObject({ outcome: 'new' });
    }
  });

  async function appliedAt(eventId: string): Promise<Date | null | undefined> {
    const { rows } = await ledger.pool.query<{ applied_at: Date | null }>(
      'select applied_at from receipts where event_id = $1',
      [eventId],
    );
    return rows[0]?.applied_at;
  }
});

describe('recordEvent, the answer', () => {
  test('tells the first completion, the best score and whether it improved', async () => {
    const id = newIds();
    const scores = [60, 40, 90, 90];
    const answers = [];
    for (const [index, score] of scores.entries())
      answers.push(await record(id(`e${index}`), completed(id('u'), { score })));
    expect(answers).toMatchObject([
      { answer: { firstCompletion: true, bestScore: 60, improved: true } },
      { answer: { firstCompletion: false, bestScore: 60, improved: false, bestBefore: 60 } },
      { answer: { firstCompletion: false, bestScore: 90, improved: true, bestBefore: 60 } },
      { answer: { firstCompletion: false, bestScore: 90, improved: false, bestBefore: 90 } },
    ]);
  });

  test('is the stored one when its own run asks again, though more is known since', async () => {
    const id = newIds();
    const first = await record(id('e1'), completed(id('u'), { score: 60 }));
    await record(id('e2'), completed(id('u'), { score: 90 }));
    expect(await record(id('e1'), completed(id('u'), { score: 60 }))).toEqual(first);
  });

  test('of another course is its own', async () => {
    const id = newIds();
    await record(id('e1'), completed(id('u'), { course: 'A' }));
    expect(await record(id('e2'), completed(id('u'), { course: 'B' }))).toMatchObject({
      answer: { firstCompletion: true },
    });
  });
});

describe('recordEvent, what settles what', () => {
  const pairs: readonly [string, Fact, Fact, object][] = [
    ['a renewing completion', expired('u'), completed('u'), { signal: 'recertified' }],
    ['a passed retake', quizzed('u'), quizzed('u', { result: 'passed', at: MONDAY + HOUR }), { signal: 'retaken' }],
    ['a first completion', provisioned('u'), completed('u', { course: 'Any' }), { signal: 'started' }],
    ['first progress', provisioned('u'), progressed('u'), { signal: 'started' }],
    ['a departure', expired('u'), deprovisioned('u'), { signal: 'cancel', reason: 'left the company' }],
    [
      'a newer hire',
      deprovisioned('u'),
      provisioned('u', { at: MONDAY + DAY }),
      { signal: 'rehired', hiredAt: MONDAY + DAY, isProven: true },
    ],
    [
      'a hire that may be older',
      deprovisioned('u'),
      provisioned('u', { at: MONDAY + HOUR }),
      { signal: 'rehired', hiredAt: MONDAY + HOUR, isProven: false },
    ],
    ['a later expiry', expired('u'), expired('u', { at: MONDAY + DAY }), { signal: 'cancel', reason: 'superseded' }],
  ];

  test.each(pairs)('%s is told to the workflow that came first', async (_name, waiting, fact, news) => {
    const id = newIds();
    expect(await record(id('case'), { ...waiting, userId: id('u') })).toMatchObject({ settledBy: null, settles: [] });
    expect(await record(id('news'), { ...fact, userId: id('u') })).toMatchObject({
      settles: [{ workflowId: id('case'), news: { ...news, eventId: id('news') } }],
    });
  });

  test.each(pairs)('%s is known to the workflow that comes second', async (_name, waiting, fact, news) => {
    const id = newIds();
    await record(id('news'), { ...fact, userId: id('u') });
    expect(await record(id('case'), { ...waiting, userId: id('u') })).toMatchObject({
      settledBy: { ...news, eventId: id('news') },
      settles: [],
    });
  });

  test.each(pairs)('%s is told again when its own run asks again', async (_name, waiting, fact) => {
    const id = newIds();
    await record(id('case'), { ...waiting, userId: id('u') });
    const told = await record(id('news'), { ...fact, userId: id('u') });
    expect(await record(id('news'), { ...fact, userId: id('u') })).toEqual(told);
  });

  test.each(pairs)('%s says nothing to another learner', async (_name, waiting, fact) => {
    const id = newIds();
    await record(id('case'), { ...waiting, userId: id('u') });
    expect(await record(id('news'), { ...fact, userId: id('v') })).toMatchObject({ settles: [] });
  });

  test('a closed workflow and one that is gone are told nothing', async () => {
    const id = newIds();
    await record(id('closed'), expired(id('u')));
    await record(id('gone'), quizzed(id('u')));
    await closeWorkflow(ledger.pool, {
      workflowId: id('closed'),
      firstRunId: `run of ${id('closed')}`,
      outcome: 'lapsed',
    });
    await closeGone(ledger.pool, id('gone'));
    expect(await record(id('leave'), deprovisioned(id('u')))).toMatchObject({ settles: [] });
  });

  test('an old expiry that comes late is superseded, though an old completion would renew it', async () => {
    const id = newIds();
    await record(id('renewal'), completed(id('u'), { at: MONDAY - 100 * DAY }));
    await record(id('newer'), expired(id('u')));
    expect(await record(id('older'), expired(id('u'), { at: MONDAY - 60 * DAY }))).toMatchObject({
      settledBy: { signal: 'cancel', reason: 'superseded' },
    });
  });
});

describe('recordEvent, a completion', () => {
  test('that renewed a certificate does not renew its next expiry, nor do those before it', async () => {
    const id = newIds();
    await record(id('early'), completed(id('u'), { at: MONDAY - 2 * DAY }));
    await record(id('late'), completed(id('u'), { at: MONDAY - DAY }));
    expect(await record(id('first'), expired(id('u')))).toMatchObject({ settledBy: { eventId: id('late') } });
    expect(await record(id('second'), expired(id('u'), { at: MONDAY + 30 * DAY }))).toMatchObject({ settledBy: null });
  });

  test('that comes later renews the next expiry', async () => {
    const id = newIds();
    await record(id('c1'), completed(id('u'), { at: MONDAY - DAY }));
    await record(id('first'), expired(id('u')));
    await record(id('second'), expired(id('u'), { at: MONDAY + 30 * DAY }));
    expect(await record(id('c2'), completed(id('u'), { at: MONDAY + 31 * DAY }))).toMatchObject({
      settles: [{ workflowId: id('second'), news: { signal: 'recertified' } }],
    });
  });

  test('that comes late, older than one that has renewed, renews nothing newer', async () => {
    const id = newIds();
    await record(id('first'), expired(id('u')));
    await record(id('c2'), completed(id('u'), { at: MONDAY + DAY }));
    await record(id('second'), expired(id('u'), { at: MONDAY + 30 * DAY }));
    await closeWorkflow(ledger.pool, {
      workflowId: id('first'),
      firstRunId: `run of ${id('first')}`,
      outcome: 'recertified',
    });
    expect(await record(id('c1'), completed(id('u'), { at: MONDAY - DAY }))).toMatchObject({ settles: [] });
    expect(await record(id('c2'), completed(id('u'), { at: MONDAY + DAY }))).toMatchObject({ settles: [] });
  });

  test('settles the latest of two open cases of one certificate', async () => {
    const id = newIds();
    await record(id('older'), expired(id('u')));
    await record(id('newer'), expired(id('u'), { at: MONDAY + DAY }));
    const { settles } = (await record(id('c'), completed(id('u'), { at: MONDAY + DAY }))) as Recorded & {
      outcome: 'new';
    };
    expect(settles.map(({ workflowId }) => workflowId)).toEqual([id('newer')]);
  });

  test('settles both cases of one expiry that was sent under two ids', async () => {
    const id = newIds();
    await record(id('a'), expired(id('u')));
    await record(id('b'), expired(id('u')));
    const { settles } = (await record(id('c'), completed(id('u')))) as Recorded & { outcome: 'new' };
    expect(settles.map(({ workflowId }) => workflowId)).toEqual([id('a'), id('b')]);
  });

  test('renews every certificate that the policy names', async () => {
    const id = newIds();
    const rules = { ...RULES, courses: { Basics: ['Safety', 'Hygiene'] } };
    await record(id('safety'), expired(id('u')), rules);
    await record(id('hygiene'), expired(id('u'), { certificate: ' HYGIENE' }), rules);
    const { settles } = (await record(id('c'), completed(id('u'), { course: 'Basics' }), rules)) as Recorded & {
      outcome: 'new';
    };
    expect(settles.map(({ workflowId }) => workflowId)).toEqual([id('safety'), id('hygiene')]);
  });

  test('that renewed a certificate is a first step all the same', async () => {
    const id = newIds();
    await record(id('cert'), expired(id('u')));
    await record(id('c'), completed(id('u')));
    expect(await record(id('hire'), provisioned(id('u')))).toMatchObject({ settledBy: { signal: 'started' } });
  });
});

describe('recordEvent, who is with us', () => {
  const standing = async (userId: string): Promise<string | undefined> =>
    (await findLearner(ledger.pool, userId))?.standing;

  const order: readonly [string, number, string][] = [
    ['before the departure', -HOUR, 'left'],
    ['soon after it by a header, which proves nothing', HOUR, 'rehireUnconfirmed'],
    ['so long after it that the order is proven', 8 * HOUR, 'active'],
  ];

  test.each(order)('provisioned %s, in either order of arrival', async (_name, offset, expected) => {
    const id = newIds();
    const [hire, leave] = [provisioned(id('u'), { at: MONDAY + offset }), deprovisioned(id('u'))];
    await record(id('e1'), hire);
    await record(id('e2'), leave);
    expect(await standing(id('u'))).toBe(expected);
    await record(id('f1'), { ...leave, userId: id('v') });
    await record(id('f2'), { ...hire, userId: id('v') });
    expect(await standing(id('v'))).toBe(expected);
  });

  test('an announced departure ends nothing yet, and ends it when its run asks again after it came', async () => {
    const id = newIds();
    await record(id('cert'), expired(id('u')));
    const leave = deprovisioned(id('u'), { at: FAR_AHEAD });
    expect(await record(id('leave'), leave)).toMatchObject({ settles: [] });
    expect(await findLearner(ledger.pool, id('u'))).toMatchObject({ active: true, email: 'old@example.com' });
    await ledger.pool.query('update departures set at = $2 where event_id = $1', [id('leave'), new Date(MONDAY)]);
    expect(await record(id('leave'), leave)).toMatchObject({ settles: [{ workflowId: id('cert') }] });
    expect(await standing(id('u'))).toBe('left');
  });

  test('an announced departure does not hide one that has come', async () => {
    const id = newIds();
    await record(id('now'), deprovisioned(id('u')));
    await record(id('ahead'), deprovisioned(id('u'), { at: FAR_AHEAD }));
    expect(await standing(id('u'))).toBe('left');
  });

  test('a certificate that expires after its holder left ends at once', async () => {
    const id = newIds();
    await record(id('leave'), deprovisioned(id('u')));
    expect(await record(id('cert'), expired(id('u'), { at: MONDAY + DAY }))).toMatchObject({
      settledBy: { signal: 'cancel', reason: 'left the company', eventId: id('leave') },
    });
  });

  test('a second departure joins the running offboarding and opens none', async () => {
    const id = newIds();
    expect(await record(id('first'), deprovisioned(id('u')))).toHaveProperty('answer', {});
    const joined = await record(id('second'), deprovisioned(id('u')));
    expect(joined).toMatchObject({ answer: { joins: id('first') } });
    expect(await record(id('second'), deprovisioned(id('u')))).toEqual(joined);
    expect(await countOpen(ledger.pool, [id('second')])).toBe(0);
  });

  test('a departure after a cancelled offboarding joins nothing that is being undone', async () => {
    const id = newIds();
    await record(id('first'), deprovisioned(id('u')));
    await reinstateLearner(ledger.pool, { userId: id('u'), eventId: id('first') });
    expect(await standing(id('u'))).toBe('active');
    const second = await record(id('second'), deprovisioned(id('u'), { at: MONDAY + DAY }));
    expect(second).toHaveProperty('answer', {});
    await reinstateLearner(ledger.pool, { userId: id('u'), eventId: id('first') });
    expect(await standing(id('u'))).toBe('left');
  });

  test('a cancelled offboarding that was reset is one again, and its learner has left', async () => {
    const id = newIds();
    const own = request(id('leave'), deprovisioned(id('u')));
    const run = { workflowId: id('leave'), firstRunId: `run of ${id('leave')}` };
    await recordEvent(ledger.pool, { ...own, begins: true });
    await record(id('later'), deprovisioned(id('u'), { at: MONDAY + DAY }));
    await reinstateLearner(ledger.pool, { userId: id('u'), eventId: id('leave') });
    await closeWorkflow(ledger.pool, { ...run, outcome: 'cancelled' });
    await recordEvent(ledger.pool, own);
    expect(await standing(id('u'))).toBe('active');
    await recordEvent(ledger.pool, { ...own, begins: true });
    expect(await standing(id('u'))).toBe('left');
    expect(await record(id('another'), deprovisioned(id('u')))).toMatchObject({ answer: { joins: id('leave') } });
    await reinstateLearner(ledger.pool, { userId: id('u'), eventId: id('leave') });
    expect(await standing(id('u'))).toBe('active');
  });

  test('what we know of a learner is the latest, whatever the order of arrival', async () => {
    const id = newIds();
    await record(id('newer'), provisioned(id('u'), { at: MONDAY + DAY, email: 'newer@example.com' }));
    await record(id('older'), provisioned(id('u'), { email: 'older@example.com' }));
    expect(await findLearner(ledger.pool, id('u'))).toMatchObject({ email: 'newer@example.com', teamId: 'west' });
  });

  test('progress never goes down', async () => {
    const id = newIds();
    await record(id('e1'), progressed(id('u'), { percent: 80, seconds: 10, at: MONDAY }));
    await record(id('e2'), progressed(id('u'), { percent: 20, seconds: 90, at: MONDAY - HOUR }));
    const { rows } = await ledger.pool.query('select percent, seconds, event_id, at from progress where user_id = $1', [
      id('u'),
    ]);
    expect(rows).toEqual([{ percent: 80, seconds: 90, event_id: id('e1'), at: new Date(MONDAY) }]);
  });

  test('any order of hires and departures leaves the same standing', async () => {
    const facts = fc.array(
      fc.record({ isHire: fc.boolean(), at: fc.integer({ min: 0, max: 40 }).map((hours) => MONDAY + hours * HOUR) }),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(facts, async (history) => {
        const id = newIds();
        const play = async (userId: string, steps: typeof history): Promise<string | undefined> => {
          for (const [index, { isHire, at }] of steps.entries()) {
            const fact = isHire ? provisioned(userId, { at }) : deprovisioned(userId, { at });
            await record(`${userId} ${index}`, fact);
          }
          return standing(userId);
        };
        expect(await play(id('forwards'), history)).toBe(await play(id('backwards'), [...history].reverse()));
      }),
      { numRuns: 30 },
    );
  });
});

describe('recordEvent, a learner hired again', () => {
  const hired = (userId: string, hours: number) => provisioned(userId, { at: MONDAY + hours * HOUR });
  const left = (userId: string, hours: number) => deprovisioned(userId, { at: MONDAY + hours * HOUR });

  test.each([
    ['the hire first', ['hire', 'leave']],
    ['the departure first', ['leave', 'hire']],
  ])('of unproven order: the onboarding waits, and the leaving is told to nobody, %s', async (_name, order) => {
    const id = newIds();
    const facts: Record<string, Fact> = { hire: hired(id('u'), 1), leave: left(id('u'), 0) };
    for (const name of order) await record(id(name), facts[name] as Fact);
    expect(await record(id('hire'), hired(id('u'), 1))).toMatchObject({ settledBy: null });
    expect(await record(id('leave'), left(id('u'), 0))).toMatchObject({
      settledBy: { signal: 'rehired', eventId: id('hire'), isProven: false },
      settles: [],
    });
    expect(await findLearner(ledger.pool, id('u'))).toMatchObject({ standing: 'rehireUnconfirmed', active: false });
  });

  test('whose offboarding is over gets nothing where the order is not proven', async () => {
    const id = newIds();
    await record(id('leave'), left(id('u'), 0));
    await closeWorkflow(ledger.pool, {
      workflowId: id('leave'),
      firstRunId: `run of ${id('leave')}`,
      outcome: 'done',
    });
    expect(await record(id('hire'), hired(id('u'), 1))).toMatchObject({
      settledBy: { signal: 'cancel', reason: 'left the company', eventId: id('leave') },
    });
  });

  test('by an older event than the departure is no news', async () => {
    const id = newIds();
    await record(id('leave'), left(id('u'), 0));
    expect(await record(id('hire'), hired(id('u'), 0))).toMatchObject({ settles: [] });
    await record(id('hire 2'), hired(id('v'), 0));
    expect(await record(id('leave 2'), left(id('v'), 0))).toMatchObject({ settledBy: null });
  });

  test('whose departure is upheld has left after that hire, and everything open is told', async () => {
    const id = newIds();
    await record(id('hire'), hired(id('u'), 24));
    await record(id('cert'), expired(id('u')));
    await record(id('leave'), left(id('u'), 0));
    const at = MONDAY + 24 * HOUR;
    await confirmDeparture(ledger.pool, { userId: id('u'), eventId: id('leave'), workflowId: id('leave'), at });
    expect(await findLearner(ledger.pool, id('u'))).toMatchObject({ standing: 'left' });
    const again = (await record(id('leave'), left(id('u'), 24))) as Recorded & { outcome: 'new' };
    expect(again.settledBy).toBeNull();
    expect(again.settles.map(({ workflowId }) => workflowId).sort()).toEqual([id('cert'), id('hire')].sort());
    expect(await record(id('hire'), hired(id('u'), 24))).toMatchObject({ settles: [] });
  });

  test('and leaving again has an offboarding of its own, which the cancelled one does not take back', async () => {
    const id = newIds();
    await record(id('leave'), left(id('u'), 0));
    await record(id('hire'), hired(id('u'), 24));
    expect(await record(id('again'), left(id('u'), 48))).toMatchObject({ answer: {}, settledBy: null });
    await reinstateLearner(ledger.pool, { userId: id('u'), eventId: id('leave') });
    expect(await findLearner(ledger.pool, id('u'))).toMatchObject({ standing: 'left' });
  });

  test('between two departures of one offboarding is old news', async () => {
    const id = newIds();
    await record(id('leave'), left(id('u'), 0));
    expect(await record(id('again'), left(id('u'), 48))).toMatchObject({ answer: { joins: id('leave') } });
    expect(await record(id('hire'), hired(id('u'), 24))).toMatchObject({ settles: [] });
  });

  test('an announced departure joins none that runs now, nor the other way round', async () => {
    const id = newIds();
    await record(id('ahead'), deprovisioned(id('u'), { at: FAR_AHEAD }));
    expect(await record(id('now'), left(id('u'), 0))).toHaveProperty('answer', {});
    expect(await record(id('ahead 2'), deprovisioned(id('u'), { at: FAR_AHEAD }))).toHaveProperty('answer.joins');
    expect(await record(id('later'), deprovisioned(id('u'), { at: FAR_AHEAD + DAY }))).toHaveProperty('answer', {});
  });
});

describe('closeWorkflow', () => {
  test('closes the case and keeps its outcome; a repeat changes nothing', async () => {
    const id = newIds();
    await record(id('cert'), expired(id('u')));
    const close = { workflowId: id('cert'), firstRunId: `run of ${id('cert')}`, outcome: 'recertified' };
    await closeWorkflow(ledger.pool, close);
    const closed = await readClosing(id('cert'));
    await closeWorkflow(ledger.pool, close);
    expect(closed).toMatchObject({ outcome: 'recertified', case_closed: true });
    expect(await readClosing(id('cert'))).toEqual(closed);
  });

  test('of a run that does not own the receipt closes nothing', async () => {
    const id = newIds();
    await record(id('cert'), expired(id('u')));
    await closeWorkflow(ledger.pool, { workflowId: id('cert'), firstRunId: 'another run', outcome: 'duplicate' });
    expect(await readClosing(id('cert'))).toMatchObject({ outcome: null, case_closed: false });
  });

  test('does not hold for a run that was reset and records again', async () => {
    const id = newIds();
    await record(id('cert'), expired(id('u')));
    await closeWorkflow(ledger.pool, { workflowId: id('cert'), firstRunId: `run of ${id('cert')}`, outcome: 'lapsed' });
    await record(id('cert'), expired(id('u')));
    expect(await record(id('c'), completed(id('u')))).toMatchObject({ settles: [{ workflowId: id('cert') }] });
  });

  async function readClosing(workflowId: string): Promise<unknown> {
    const { rows } = await ledger.pool.query(
      `select r.outcome, r.closed_at, o.closed_at is not null as case_closed
       from receipts r join open_workflows o using (workflow_id) where workflow_id = $1`,
      [workflowId],
    );
    return rows[0];
  }
});

describe('admitLeaver', () => {
  const admit = (eventId: string, now: number): Promise<boolean> =>
    admitLeaver(ledger.pool, { eventId, limitPerHour: 2, now });

  test('admits up to the limit within an hour, and keeps its word', async () => {
    const id = newIds();
    for (const name of ['a', 'b', 'c']) await record(id(name), deprovisioned(id(`learner ${name}`)));
    expect(await admit(id('a'), MONDAY)).toBe(true);
    expect(await admit(id('b'), MONDAY)).toBe(true);
    expect(await admit(id('c'), MONDAY)).toBe(false);
    expect(await admit(id('a'), MONDAY)).toBe(true);
    expect(await admit(id('c'), MONDAY + HOUR)).toBe(true);
  });

  test('admits no more than the limit of those that ask at once', async () => {
    const id = newIds();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map(id);
    for (const name of names) await record(name, deprovisioned(`learner ${name}`));
    const later = MONDAY + 10 * DAY;
    const answers = await Promise.all(names.map((name) => admit(name, later)));
    expect(answers.filter(Boolean)).toHaveLength(2);
  });

  test('of an event without a receipt is a mistake', async () => {
    await expect(admit('never recorded', MONDAY)).rejects.toThrow('without a receipt');
  });
});
