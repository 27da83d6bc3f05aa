import fc from 'fast-check';
import {
  mayBeLeaver,
  renderNotification as render,
  SHARED_CAUSES,
  writtenTime,
  type Notification,
  type Readers,
} from '../../src/domain';

const DEADLINE = '2027-06-30T12:00:00Z';
const READERS: Readers = { timeZone: 'Europe/Berlin', namespace: 'default' };
const LINKED: Readers = {
  ...READERS,
  namespace: 'acme',
  person: 'rita@example.com',
  uiUrl: 'https://temporal.example.com/',
  opsUrl: 'https://ops.example.com',
};
const renderNotification = (notification: Notification, readers = READERS) => render(notification, readers);

function parked(change: Partial<Notification & { kind: 'parked' }> = {}): Notification {
  return {
    kind: 'parked',
    about: 'Offboarding of u1',
    step: 'freeze',
    title: 'Freeze the sign-in',
    why: 'identity answered 403',
    workflowId: 'e1',
    since: '2026-11-27T16:00:00Z',
    meanwhile: null,
    due: null,
    ...change,
  };
}

/** One notification of every kind, with `text` in every place that an event or a person fills. */
const everyKind = (text: string): readonly Notification[] => [
  { kind: 'recertify', certName: text, deadline: DEADLINE },
  { kind: 'recertify-report', certName: text, deadline: DEADLINE, userId: text },
  { kind: 'remind', certName: text, deadline: DEADLINE, daysLeft: 7 },
  { kind: 'lapsed', certName: text, userId: text, graceEnds: DEADLINE },
  { kind: 'coach', quizName: text, userId: text, percent: 42.4 },
  { kind: 'welcome', role: text },
  { kind: 'nudge', userId: text, forManager: true },
  { kind: 'nudge', userId: text, forManager: false },
  { kind: 'certificate', courseName: text },
  { kind: 'offboarded', userId: text, report: [`- freeze: done (${text})`, '', 'Written'] },
  {
    kind: 'escalation',
    about: text,
    reason: text,
    workflowId: text,
    since: DEADLINE,
    waitingFor: text,
    due: { at: DEADLINE, next: text },
  },
  parked({ about: text, step: text, title: text, why: text, workflowId: text, meanwhile: text }),
  { kind: 'quarantined', event: text, why: text, workflowId: text, since: DEADLINE, corrected: { userId: text } },
  { kind: 'digest', cause: text, cases: [{ about: text, workflowId: text, step: text, since: DEADLINE }], more: 1 },
];
const lineCount = (text: string): number => text.split('\n').length;

test.each<[string, boolean]>([
  ['user.deprovisioned', true],
  [' USER.\uff24eprovisioned', true],
  ['user.de\u200bprovisioned', true],
  ['scim.off-boarded', true],
  ['user.provisioned', false],
  ['made provision', false],
])('%j names a leaver: %j', (event, isLeaver) => {
  expect(mayBeLeaver(event)).toBe(isLeaver);
});

describe('renderNotification', () => {
  test.each<[string, Notification, string, string]>([
    [
      'a reminder counts the days',
      { kind: 'remind', certName: 'Basics', deadline: DEADLINE, daysLeft: 7 },
      '7 days left to renew: Basics',
      'has to be renewed by Wednesday, 30 June 2027, 14:00 CEST.',
    ],
    [
      'a reminder of one day is singular',
      { kind: 'remind', certName: 'Basics', deadline: DEADLINE, daysLeft: 1 },
      '1 day left to renew: Basics',
      'Basics',
    ],
    [
      'a coach reads the percentage rounded',
      { kind: 'coach', quizName: 'Pricing', userId: 'u1', percent: 66.66 },
      'Coaching needed: Pricing',
      'u1 reached 67 % in the quiz "Pricing".',
    ],
    [
      'a coach reads without a percentage that it was not passed',
      { kind: 'coach', quizName: 'Pricing', userId: 'u1', percent: null },
      'Coaching needed: Pricing',
      'u1 did not pass the quiz "Pricing".',
    ],
    [
      'an administrator reads which step is parked',
      parked(),
      'Stuck: Offboarding of u1',
      'Offboarding of u1 is parked at the step "Freeze the sign-in" (freeze).',
    ],
    [
      'a report has a line a step',
      { kind: 'offboarded', userId: 'u1', report: ['- freeze: done', '- archive: done'] },
      'Offboarded: u1',
      'What was done for u1:\n\n- freeze: done\n- archive: done\n',
    ],
  ])('%s', (_claim, notification, subject, part) => {
    const written = renderNotification(notification);
    expect(written.subject).toBe(subject);
    expect(written.text).toContain(part);
  });

  test.each(['\r\nBcc: all@example.com', '\n', '\r', '\u2028', '\u0085', '\u0000', '\u001b[2J', '\t\v\f'])(
    'a title with %j makes neither another header nor another line',
    (junk) => {
      const plain = everyKind('Basics A').map((each) => renderNotification(each));
      const odd = everyKind(`Basics${junk}A`).map((each) => renderNotification(each));
      for (const { subject, text } of odd)
        expect(`${subject}${text.replaceAll('\n', '')}`).not.toMatch(/[\p{Cc}\u2028]/u);
      expect(odd.map(({ text }) => lineCount(text))).toEqual(plain.map(({ text }) => lineCount(text)));
    },
  );

  test('whatever titles hold, a subject is one short line and the text has the lines of ours', () => {
    const lines = everyKind('x').map((notification) => lineCount(renderNotification(notification).text));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1024 }), (title) => {
        const rendered = everyKind(title).map((each) => renderNotification(each));
        expect(rendered.map(({ text }) => lineCount(text))).toEqual(lines);
        for (const { subject } of rendered) {
          expect(subject).not.toMatch(/[\r\n\p{Cc}]/u);
          expect(Array.from(subject).length).toBeLessThanOrEqual(200);
          expect(subject).toBe(subject.trim());
        }
      }),
    );
  });

  test('a long title is cut between characters', () => {
    const { subject } = renderNotification({ kind: 'certificate', courseName: '😀'.repeat(500) });
    expect(subject).toBe(`Your certificate: ${'😀'.repeat(182)}`);
  });

  test('whoever has to act reads whom, what, why, since when, what comes by itself, and how to act', () => {
    const due = { at: '2026-11-27T17:00:00Z', next: 'the next in line is notified' };
    const { subject, text } = renderNotification(parked({ due }), LINKED);
    expect(subject).not.toContain('rita');
    expect(text.split('\n')).toEqual([
      'Offboarding of u1 is parked at the step "Freeze the sign-in" (freeze).',
      'Cause: identity answered 403',
      'Person: rita@example.com',
      'Since: Friday, 27 November 2026, 17:00 CET',
      'By itself: Friday, 27 November 2026, 18:00 CET: the next in line is notified.',
      '',
      'When the cause is fixed, try the step again:',
      `temporal workflow update execute -n acme -w 'e1' --name retryStep --input '{"step":"freeze","by":"you"}'`,
      'Or go on without the step:',
      `temporal workflow update execute -n acme -w 'e1' --name skipStep --input '{"step":"freeze","reason":"why","by":"you"}'`,
      'Its page: https://temporal.example.com/namespaces/acme/workflows/e1',
      'Dashboard: https://ops.example.com',
      'Workflow: e1',
      '',
    ]);
  });

  test('a leaver in quarantine can be run by the commands of the message, as it is or with what is filled in', () => {
    const corrected = { event: 'user.deprovisioned', data: { userId: 'USER_ID' }, companyId: 'acme' };
    const about = { event: 'user.left', why: 'no such event', workflowId: 'e1', since: DEADLINE, corrected } as const;
    const { text } = renderNotification({ kind: 'quarantined', ...about });
    const inputs = [...text.matchAll(/--name redrive --input '(.*)'/g)].map(
      ([, json = '']) => JSON.parse(json) as unknown,
    );
    expect(inputs).toEqual([{ by: 'you' }, { by: 'you', data: corrected }]);
  });

  test('a digest names every case and the command that ends the cause', () => {
    const cases = ['u1', 'u2'].map((id) => ({
      about: `Course completion of ${id}`,
      workflowId: `e-${id}`,
      step: 'findAddress',
      since: '2026-11-27T16:00:00Z',
    }));
    const { subject, text } = renderNotification({ kind: 'digest', cause: SHARED_CAUSES.noAddress, cases, more: 0 });
    expect(subject).toBe('2 wait for the same cause: no address is known of the learner');
    expect(text).toContain('mt learners import people.csv');
    for (const id of ['u1', 'u2'])
      expect(text).toContain(
        `- Course completion of ${id}: findAddress, since Friday, 27 November 2026, 17:00 CET (workflow e-${id})`,
      );
  });

  test.each([
    ['Europe/Berlin', 'Friday, 27 November 2026, 17:00 CET'],
    ['America/Los_Angeles', 'Friday, 27 November 2026, 08:00 PST'],
    ['UTC', 'Friday, 27 November 2026, 16:00 UTC'],
    ['Asia/Tokyo', 'Saturday, 28 November 2026, 01:00 GMT+9 (Asia/Tokyo)'],
  ])('a time in %s is written as people there write it', (timeZone, written) => {
    expect(writtenTime('2026-11-27T16:00:00Z', timeZone)).toBe(written);
  });

  test('a title with bidirectional controls does not turn its line around', () => {
    const { subject, text } = renderNotification({ kind: 'certificate', courseName: 'Basics\u202Egpj.exe\u2066' });
    expect(subject).toBe('Your certificate: Basicsgpj.exe');
    expect(text).not.toMatch(/\p{Bidi_Control}/u);
  });

  test('a link of a message can be followed in its HTML', () => {
    expect(renderNotification(parked(), LINKED).html).toContain(
      'Its page: <a href="https://temporal.example.com/namespaces/acme/workflows/e1">',
    );
  });

  test('the HTML says what the text says', () => {
    const { html } = renderNotification({
      kind: 'offboarded',
      userId: 'u1',
      report: ['- freeze: done', '- archive: done'],
    });
    expect(html).toContain('<title>Offboarded: u1</title>');
    expect(html).toContain('<p>What was done for u1:</p>\n<p>- freeze: done<br>\n- archive: done</p>');
  });

  test('whatever titles hold, the HTML has the elements of ours, loads nothing, and reads as the text', () => {
    const tags = (html: string): readonly string[] => html.match(/<[^>]*>/g) ?? [];
    const wanted = everyKind('x').map((notification) => tags(renderNotification(notification).html));
    const title = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('<img src="https://example.com/x.png">', '</p><script>', '&lt;b&gt;', '" onload="', "'"),
    );
    fc.assert(
      fc.property(title, (text) => {
        const rendered = everyKind(text).map((each) => renderNotification(each));
        expect(rendered.map(({ html }) => tags(html))).toEqual(wanted);
        for (const { html, text: plain } of rendered) expect(readHtml(html)).toBe(plain.replace(/\n+/g, ''));
      }),
    );
  });
});

/** The words of the body, without lines. */
function readHtml(html: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
  return html
    .slice(html.indexOf('<body'), html.indexOf('</body>'))
    .replace(/<[^>]*>/g, '')
    .replace(/\n/g, '')
    .replace(/&([^;]+);/g, (_whole, name: string) => named[name] ?? '?');
}
