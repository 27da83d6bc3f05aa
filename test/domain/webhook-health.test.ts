import { DAY, HOUR, judgeWebhook, MINUTE, usualSilence } from '../../src/domain';
import { ALL_EVENTS, factsOf, NOW, type Change } from './webhook-facts';

const kinds = (change: Change) => judgeWebhook(factsOf(change)).faults.map(({ kind }) => kind);
const unreadable = { status: 'unknown', events: null, problem: 'unsupported' } as const;
const dayOut = { from: NOW - 26 * HOUR, to: NOW - HOUR };

describe('judgeWebhook', () => {
  test('of a webhook that does well finds nothing, and says when the last delivery came', () => {
    const { status, faults, notes } = judgeWebhook(factsOf());
    expect([status, faults]).toEqual(['ok', []]);
    expect(notes).toEqual(['The last delivery came at 2026-11-23T08:55:00Z.']);
  });

  test('of a new deployment says that there is not enough history yet', () => {
    const { status, notes } = judgeWebhook(factsOf({ deliveries: { usualSilencesMs: [0, 0], lastAt: NOW - 3 * DAY } }));
    expect(status).toBe('ok');
    expect(notes.join(' ')).toContain('not enough history yet');
  });

  test('of a deployment whose webhook nobody has registered finds nothing, and says what is not known', () => {
    const nothing = { firstAt: null, lastAt: null, usualSilencesMs: [], accepted: 0, came: [] };
    const { status, notes } = judgeWebhook(factsOf({ webhook: null, remote: null, deliveries: nothing }));
    expect(status).toBe('ok');
    expect(notes.join(' ')).toMatch(/No delivery has come yet.*not registered by mt webhooks register/);
  });

  // In the order of columns: what is the case, and what is found.
  test.each<[string, Change, readonly string[]]>([
    ['MindTickle says suspended', { remote: { status: 'suspended' } }, ['suspended']],
    ['it does not know the webhook', { remote: { status: 'gone' } }, ['gone']],
    [
      'our outage was a day, and it cannot be asked',
      { remote: unreadable, receiver: { outage: dayOut }, deliveries: { lastAt: dayOut.from } },
      ['suspended'],
    ],
    ['the same, and it says active', { receiver: { outage: dayOut }, deliveries: { lastAt: NOW - 90 * MINUTE } }, []],
    ['the same, and something came since', { remote: unreadable, receiver: { outage: dayOut } }, []],
    [
      'our outage was 8 hours',
      {
        remote: unreadable,
        receiver: { outage: { from: NOW - 9 * HOUR, to: NOW - HOUR } },
        deliveries: { lastAt: NOW - 110 * MINUTE },
      },
      [],
    ],
    [
      'suspended explains the silence',
      { remote: { status: 'suspended' }, deliveries: { lastAt: NOW - 3 * DAY } },
      ['suspended'],
    ],
    ['a silence of 2 h is usual', { deliveries: { lastAt: NOW - 2 * HOUR } }, []],
    ['a silence is a minute longer than usual', { deliveries: { lastAt: NOW - 2 * HOUR - MINUTE } }, ['silent']],
    [
      'a weekend is usual',
      { deliveries: { usualSilencesMs: [60 * HOUR, 62 * HOUR, 61 * HOUR], lastAt: NOW - 62 * HOUR } },
      [],
    ],
    [
      'nothing came a day after registering',
      { webhook: { registeredAt: NOW - DAY }, deliveries: { firstAt: null, lastAt: null } },
      ['silent'],
    ],
    [
      'nothing came an hour after registering',
      { webhook: { registeredAt: NOW - HOUR }, deliveries: { firstAt: null, lastAt: null } },
      [],
    ],
    ['4 of 5 are refused', { deliveries: { accepted: 1, refused: [{ cause: 'secret-unknown', count: 4 }] } }, []],
    ['25 of 125 are refused', { deliveries: { refused: [{ cause: 'clock-skew', count: 25 }] } }, ['refusing']],
    ['24 of 124 are refused', { deliveries: { refused: [{ cause: 'clock-skew', count: 24 }] } }, []],
    [
      'all are refused',
      { deliveries: { accepted: 0, refused: [{ cause: 'secret-unknown', count: 5 }] } },
      ['refusing'],
    ],
    ['the receiver is not ready', { receiver: { isReady: false, readyAt: NOW - 30 * MINUTE } }, ['notReady']],
    ['it cannot be asked', { receiver: { isReady: null, readyAt: null } }, []],
    ['an event is not subscribed', { remote: { events: ALL_EVENTS.slice(1) } }, ['notSubscribed']],
    [
      'a rare event did not come for 29 days',
      { webhook: { events: { 'user.deprovisioned': NOW - 29 * DAY } }, deliveries: { came: ['quiz.submitted'] } },
      [],
    ],
    [
      'a rare event did not come for 30 days',
      { webhook: { events: { 'user.deprovisioned': NOW - 30 * DAY } }, deliveries: { came: ['quiz.submitted'] } },
      ['neverCame'],
    ],
    [
      'a common event did not come for a week',
      { webhook: { events: { 'module.progress': NOW - 7 * DAY } }, deliveries: { came: ['quiz.submitted'] } },
      ['neverCame'],
    ],
    [
      'nothing came at all',
      { webhook: { events: { 'module.progress': NOW - 7 * DAY } }, deliveries: { came: [] } },
      [],
    ],
    ['the token is refused', { remote: { status: 'unknown', problem: 'refused' } }, ['apiRefused']],
    ['MindTickle is away', { remote: { status: 'unknown', problem: 'unavailable' } }, []],
  ])('%s', (_case, change, expected) => {
    expect(kinds(change)).toEqual(expected);
  });

  test('names the worst first, and every fault has something to do', () => {
    const { status, faults } = judgeWebhook(
      factsOf({
        receiver: { isReady: false, readyAt: NOW - HOUR },
        remote: { problem: 'refused' },
        deliveries: { lastAt: NOW - DAY },
      }),
    );
    expect(status).toBe('fail');
    expect(faults.map(({ kind }) => kind)).toEqual(['notReady', 'silent', 'apiRefused']);
    expect(faults.every(({ todo }) => todo.length > 0)).toBe(true);
  });

  test('what a missing leaver event costs is said', () => {
    const { faults } = judgeWebhook(
      factsOf({ remote: { events: ALL_EVENTS.filter((event) => event !== 'user.deprovisioned') } }),
    );
    expect(faults[0]).toMatchObject({ event: 'user.deprovisioned', status: 'fail' });
    expect(faults[0]?.says).toContain('NOBODY WHO LEAVES IS OFFBOARDED');
  });

  test.each([
    ['at its first failure', NOW - 15 * MINUTE, false],
    ['at its second', NOW - 30 * MINUTE, true],
    ['that was never reached', null, false],
  ])('alerts about a receiver %s: %p', (_case, readyAt, isAlert) => {
    const { faults } = judgeWebhook(factsOf({ receiver: { isReady: false, readyAt } }));
    expect(faults).toMatchObject([{ kind: 'notReady', isAlert }]);
  });

  test('after a re-activation waits for the first delivery, without another alert, for three days', () => {
    const after = (ago: number) =>
      judgeWebhook(factsOf({ reactivations: [NOW - ago], deliveries: { lastAt: NOW - 4 * DAY } })).faults;
    expect(after(HOUR).find(({ kind }) => kind === 'suspended')).toMatchObject({ status: 'warn', isAlert: false });
    expect(after(3 * DAY + 1).find(({ kind }) => kind === 'suspended')).toBeUndefined();
    expect(kinds({ reactivations: [NOW - HOUR] })).toEqual([]);
  });
});

describe('usualSilence', () => {
  const of = (...hours: number[]) =>
    usualSilence(factsOf({ deliveries: { usualSilencesMs: hours.map((each) => each * HOUR) } }).deliveries);

  test('is not known before three weeks', () => expect(of(1, 1)).toBeUndefined());
  test('of three weeks counts the longest', () => expect(of(1, 5, 2)).toBe(7.5 * HOUR));
  test('of more leaves out the longest: a holiday is not usual', () => expect(of(1, 48, 2, 1)).toBe(3 * HOUR));
  test('leaves an hour where something comes every minute', () => expect(of(0, 0, 0)).toBe(HOUR));
});
