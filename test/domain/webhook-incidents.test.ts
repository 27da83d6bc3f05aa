import {
  DAY,
  HOUR,
  incidentChanges,
  judgeWebhook,
  MINUTE,
  noticeOfBegin,
  noticeOfEnd,
  reactivation,
  renderNotification,
  type WebhookFaultKind,
  type WebhookIncident,
} from '../../src/domain';
import { factsOf, NOW, type Change } from './webhook-facts';

const suspended = { remote: { status: 'suspended' } } as const;
const incident = (kind: WebhookFaultKind, change: Partial<WebhookIncident> = {}): WebhookIncident => ({
  kind,
  event: null,
  since: NOW - DAY,
  says: 'MindTickle has suspended the webhook: nothing is delivered.',
  lastAt: NOW - DAY,
  ...change,
});
const changes = (open: readonly WebhookIncident[], change: Change) => {
  const facts = factsOf(change);
  const { begun, over, absorbed } = incidentChanges(open, judgeWebhook(facts), facts.deliveries.lastAt);
  return [begun, over, absorbed].map((each) => each.map(({ kind }) => kind));
};

describe('incidentChanges', () => {
  test.each<[string, readonly WebhookIncident[], Change, readonly (readonly string[])[]]>([
    ['all is well', [], {}, [[], [], []]],
    ['a fault begins an incident', [], suspended, [['suspended'], [], []]],
    ['which begins once', [incident('suspended')], suspended, [[], [], []]],
    ['and is over when the fault is gone', [incident('suspended')], {}, [[], ['suspended'], []]],
    ['re-activated, it goes on until something comes', [incident('suspended')], { reactivations: [NOW] }, [[], [], []]],
    [
      'a silence that turns out a suspension becomes it',
      [incident('silent')],
      suspended,
      [['suspended'], [], ['silent']],
    ],
    [
      'each event has its own',
      [incident('neverCame', { event: 'quiz.submitted' })],
      { webhook: { events: { 'module.progress': NOW - 8 * DAY } }, deliveries: { came: ['quiz.submitted'] } },
      [['neverCame'], ['neverCame'], []],
    ],
    [
      'what begins none keeps none from ending',
      [incident('silent')],
      { receiver: { isReady: false, readyAt: null } },
      [[], ['silent'], []],
    ],
  ])('%s', (_case, open, change, expected) => {
    expect(changes(open, change)).toEqual(expected);
  });
});

describe('reactivation', () => {
  const may = (change: Change) => reactivation(factsOf({ ...suspended, ...change }));

  test('of a webhook that is active is nothing to do', () => expect(reactivation(factsOf())).toBeNull());
  test('is done at once while the receiver is ready', () => expect(may({})).toEqual({ may: true }));

  test.each<[string, Change, RegExp]>([
    ['not while the receiver is not', { receiver: { isReady: false } }, /as soon as our receiver is ready/],
    ['not while nobody knows', { receiver: { isReady: null } }, /as soon as our receiver is ready/],
    ['not without its id', { webhook: { id: null } }, /MINDTICKLE_WEBHOOK_ID/],
    ['not within an hour of the first', { reactivations: [NOW - HOUR + 1] }, /again at 2026-11-23T09:00:00.001Z/],
    [
      'not within four hours of the second',
      { reactivations: [NOW - DAY, NOW - 3 * HOUR] },
      /again at 2026-11-23T10:00:00Z/,
    ],
    [
      'not a sixth time within a week',
      { reactivations: [6, 5, 4, 3, 2].map((days) => NOW - days * DAY) },
      /5 times within a week/,
    ],
  ])('%s', (_case, change, why) => {
    expect(may(change)).toEqual({ may: false, why: expect.stringMatching(why) as string });
  });

  test.each<[string, readonly number[]]>([
    ['an hour after the first', [NOW - HOUR]],
    ['four hours after the second', [NOW - DAY, NOW - 4 * HOUR]],
    ['a week later as if it were the first', [NOW - 7 * DAY]],
  ])('is done again %s', (_case, reactivations) => {
    expect(may({ reactivations })).toEqual({ may: true });
  });
});

describe('the message', () => {
  const none = { ...incident('gone'), todo: [] };
  const readers = { timeZone: 'Europe/Berlin', namespace: 'default', opsUrl: 'https://ops.example.com' };

  test('about a beginning says what, since when, what happens by itself and what to do', () => {
    const { begun } = incidentChanges(
      [],
      judgeWebhook(factsOf({ ...suspended, deliveries: { lastAt: NOW - DAY } })),
      NOW - DAY,
    );
    const { subject, text } = renderNotification(noticeOfBegin(begun[0] ?? none, 'It was re-activated.'), readers);
    expect(subject).toBe('MindTickle has suspended the webhook');
    expect(text).toMatch(/nothing is delivered\.\nSince: Sunday, 22 November 2026, 10:00 CET\n/);
    expect(text).toMatch(/- It was re-activated\.\n- Re-activate it: mt webhooks reactivate\n/);
    expect(text).not.toContain('may be missing');
  });

  test('about an event keeps its name in the subject', () => {
    const says = 'No user.deprovisioned has ever come, although it was subscribed; without it, access stays open.';
    const { subject } = renderNotification(
      noticeOfBegin({ ...incident('neverCame', { says }), todo: [] }, null),
      readers,
    );
    expect(subject).toBe('No user.deprovisioned has ever come, although it was subscribed');
  });

  test('about an end names the hours that may have a gap', () => {
    const { subject, text } = renderNotification(noticeOfEnd(incident('suspended'), NOW - 5 * MINUTE, NOW), readers);
    expect(subject).toBe('Over: MindTickle has suspended the webhook');
    expect(text).toContain(
      'from the last delivery before to the first one after: Sunday, 22 November 2026, 10:00 CET – Monday, 23 November 2026, 09:55 CET',
    );
    expect(text).toContain('leavers first');
  });

  test.each<[WebhookFaultKind, number, boolean]>([
    ['notReady', 7 * HOUR, false],
    ['notReady', 8 * HOUR, true],
    ['refusing', HOUR, false],
    ['silent', 3 * HOUR, true],
    ['apiRefused', DAY, false],
    ['neverCame', DAY, false],
  ])('about the end of %s after %d ms names a gap: %p', (kind, ms, hasGap) => {
    const notice = noticeOfEnd(incident(kind, { since: NOW - ms }), NOW, NOW);
    expect(notice.kind === 'webhook' && notice.gap !== null).toBe(hasGap);
  });
});
