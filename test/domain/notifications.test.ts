import fc from 'fast-check';
import { renderNotification, type Notification } from '../../src/domain';

const DEADLINE = '2027-06-30T12:00:00Z';

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
  { kind: 'escalation', about: text, reason: text, workflowId: text },
  { kind: 'parked', about: text, step: text, title: text, why: text, workflowId: text },
];
const lineCount = (text: string): number => text.split('\n').length;

describe('renderNotification', () => {
  test.each<[string, Notification, string, string]>([
    [
      'a reminder counts the days',
      { kind: 'remind', certName: 'Basics', deadline: DEADLINE, daysLeft: 7 },
      '7 days left to renew: Basics',
      'has to be renewed by 2027-06-30T12:00:00Z',
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
      'an administrator reads which step is parked and why',
      {
        kind: 'parked',
        about: 'Offboarding of u1',
        step: 'freeze',
        title: 'Freeze',
        why: 'identity answered 403',
        workflowId: 'e1',
      },
      'Stuck: Offboarding of u1',
      'Offboarding of u1 is parked at the step "Freeze" (freeze): identity answered 403',
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
      const plain = everyKind('Basics A').map(renderNotification);
      const odd = everyKind(`Basics${junk}A`).map(renderNotification);
      for (const { subject, text } of odd)
        expect(`${subject}${text.replaceAll('\n', '')}`).not.toMatch(/[\p{Cc}\u2028]/u);
      expect(odd.map(({ text }) => lineCount(text))).toEqual(plain.map(({ text }) => lineCount(text)));
    },
  );

  test('whatever titles hold, a subject is one short line and the text has the lines of ours', () => {
    const lines = everyKind('x').map((notification) => lineCount(renderNotification(notification).text));
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1024 }), (title) => {
        const rendered = everyKind(title).map(renderNotification);
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
        const rendered = everyKind(text).map(renderNotification);
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
