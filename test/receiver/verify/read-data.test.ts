import { DAY, isoTime, MINUTE } from '../../../src/domain';
import type { EventName } from '../../../src/events';
import { parseBody } from '../../../src/receiver/verify/parse';

const SIGNED_AT = Date.UTC(2026, 10, 27, 15);
const SIGNED = isoTime(SIGNED_AT);

function read(event: EventName, data: object, timeZone = 'UTC') {
  const body = Buffer.from(JSON.stringify({ event, data, companyId: 'acme' }));
  return parseBody(body, { companyId: 'acme', timeZone }, SIGNED_AT);
}

const dataOf = (event: EventName, data: object, timeZone?: string) => {
  const contents = read(event, data, timeZone);
  if (contents.kind !== 'event') throw new Error(JSON.stringify(contents));
  return contents.data;
};

const detailOf = (event: EventName, data: object, timeZone?: string) => {
  const contents = read(event, data, timeZone);
  return contents.kind === 'problem' ? `${contents.problem.kind}: ${contents.problem.detail}` : contents.kind;
};

const LEAVER = { userId: 'u1', email: 'jane@example.com', reason: 'left', deprovisionedAt: '2026-11-27T09:00:00Z' };
const HIRE = { userId: 'u1', email: 'jane@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };
const COURSE = { userId: 'u1', courseName: 'Basics', courseId: 'c1', score: 80, completedAt: '2026-11-27T09:00:00Z' };
const EXPIRED = {
  userId: 'u1',
  certName: 'Basics',
  expiredAt: '2026-11-26T00:00:00Z',
  renewalDeadline: '2026-12-31T00:00:00Z',
};
const QUIZ = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 4, maxScore: 10, passed: false };
const PROGRESS = { userId: 'u1', moduleName: 'Objections', moduleId: 'm1', progressPct: 40, timeSpentSec: 60 };

describe('what does not fit is said in plain words', () => {
  test.each<[string, object, string]>([
    ['a field that is missing', { score: undefined }, 'data.score: is missing'],
    ['a field that is null', { score: null }, 'data.score: is missing'],
    ['a text for a number', { score: 'high' }, 'data.score: is not a number'],
    ['a list for a text', { courseId: ['c1'] }, 'data.courseId: is not a text'],
    ['an empty text', { courseName: ' ' }, 'data.courseName: is empty'],
    ['a text that is too long', { courseId: 'x'.repeat(257) }, 'data.courseId: is longer than 256 characters'],
    ['a number out of its range', { score: 101 }, 'data.score: is not between 0 and 100'],
  ])('%s', (_what, change, detail) => {
    expect(detailOf('course.completed', { ...COURSE, ...change })).toBe(`data-does-not-fit: ${detail}`);
  });
});

describe('a leaver', () => {
  test('is read by the user id alone', () => {
    const nothing = { userId: 'u1', email: null, reason: null, deprovisionedAt: SIGNED };
    expect(dataOf('user.deprovisioned', { userId: 'u1' })).toEqual(nothing);
  });

  test.each<[string, object, object]>([
    ['a reason that is null', { reason: null }, { reason: null }],
    ['an empty reason', { reason: '' }, { reason: null }],
    ['a reason that is a number', { reason: 7 }, { reason: '7' }],
    ['a reason that is an object', { reason: { code: 7 } }, { reason: null }],
    ['a reason that is a list', { reason: ['left'] }, { reason: null }],
    ['a reason with a NUL', { reason: 'a\0' }, { reason: null }],
    ['a reason of a thousand lines', { reason: 'x\n'.repeat(100_000) }, { reason: 'x\n'.repeat(512) }],
    ['no address', { email: undefined }, { email: null }],
    ['an empty address', { email: ' ' }, { email: null }],
    ['an address that is none', { email: 'jane' }, { email: null }],
    ['an address that is a number', { email: 42 }, { email: null }],
    ['an address with a space around it', { email: ' jane@example.com ' }, { email: 'jane@example.com' }],
    ['a numeric id', { userId: 4711 }, { userId: '4711' }],
    ['no day', { deprovisionedAt: null }, { deprovisionedAt: SIGNED }],
    ['an empty day', { deprovisionedAt: '' }, { deprovisionedAt: SIGNED }],
    ['a day that is an object', { deprovisionedAt: {} }, { deprovisionedAt: SIGNED }],
    ['a day that is no time', { deprovisionedAt: 'soon' }, { deprovisionedAt: SIGNED }],
    ['a day with a space', { deprovisionedAt: '2026-12-01 09:30:00' }, { deprovisionedAt: '2026-12-01T09:30:00Z' }],
    [
      'a day as Postgres has it',
      { deprovisionedAt: '2026-12-01 09:30:00.5+02' },
      { deprovisionedAt: '2026-12-01T07:30:00.500Z' },
    ],
    ['Unix seconds', { deprovisionedAt: 1796117400 }, { deprovisionedAt: '2026-12-01T09:30:00Z' }],
    ['Unix milliseconds', { deprovisionedAt: 1796117400000 }, { deprovisionedAt: '2026-12-01T09:30:00Z' }],
    ['Unix seconds as a text', { deprovisionedAt: '1796117400' }, { deprovisionedAt: '2026-12-01T09:30:00Z' }],
    ['years ahead', { deprovisionedAt: '2031-01-01T00:00:00Z' }, { deprovisionedAt: '2031-01-01T00:00:00Z' }],
  ])('is not stopped by %s', (_what, change, expected) => {
    expect(dataOf('user.deprovisioned', { ...LEAVER, ...change })).toEqual({ ...LEAVER, ...expected });
  });

  test('says which of the fields that it does without came and could not be read', () => {
    const read_ = read('user.deprovisioned', { userId: 'u1', email: 'jane', reason: {}, deprovisionedAt: 'soon' });
    expect(read_).toMatchObject({ kind: 'event', unread: ['email', 'reason', 'deprovisionedAt'] });
    const empty = read('user.deprovisioned', { userId: 'u1', email: '', reason: null });
    expect(empty).toMatchObject({ kind: 'event', unread: [] });
  });

  test.each([null, '', ' ', '\u200b', {}, 12.5, -1, 2 ** 53, true, 'a\0'])(
    'without a user id (%j) is kept',
    (userId) => {
      expect(detailOf('user.deprovisioned', { ...LEAVER, userId })).toMatch(/^data-does-not-fit: data\.userId: /);
    },
  );
});

describe('what a process does not need', () => {
  test('stops no hire', () => {
    expect(dataOf('user.provisioned', { userId: 1 })).toEqual({ userId: '1', email: null, role: null, teamId: null });
    expect(dataOf('user.provisioned', { ...HIRE, teamId: 9, role: '', provisionedBy: [] })).toMatchObject({
      teamId: '9',
      role: null,
    });
  });

  test('stops no quiz, no progress and no completion', () => {
    expect(dataOf('quiz.submitted', { ...QUIZ, quizName: null, quizType: 3 })).toMatchObject({ quizName: null });
    expect(dataOf('module.progress', { ...PROGRESS, moduleName: '', timeSpentSec: null })).toMatchObject({
      timeSpentSec: 0,
    });
    expect(dataOf('course.completed', { ...COURSE, completedAt: null })).toMatchObject({ completedAt: SIGNED });
    expect(dataOf('certification.expired', { ...EXPIRED, expiredAt: '' })).toMatchObject({ expiredAt: SIGNED });
  });
});

describe('a date without a time', () => {
  test.each([
    ['UTC', '2026-11-27T23:59:59Z'],
    ['Europe/Berlin', '2026-11-27T22:59:59Z'],
    ['America/Los_Angeles', '2026-11-28T07:59:59Z'],
    ['Pacific/Kiritimati', '2026-11-27T09:59:59Z'],
  ])('is the end of that day in %s, for deadlines and for last days', (timeZone, end) => {
    const day = '2026-11-27';
    expect(dataOf('user.deprovisioned', { ...LEAVER, deprovisionedAt: day }, timeZone)['deprovisionedAt']).toBe(end);
    const expired = { ...EXPIRED, renewalDeadline: day };
    expect(dataOf('certification.expired', expired, timeZone)['renewalDeadline']).toBe(end);
  });

  test('on which something has happened has not ended when the delivery is signed', () => {
    const today = { ...COURSE, completedAt: '2026-11-27' };
    expect(dataOf('course.completed', today)['completedAt']).toBe(SIGNED);
    const before = { ...COURSE, completedAt: '2026-11-26' };
    expect(dataOf('course.completed', before)['completedAt']).toBe('2026-11-26T23:59:59Z');
    const tomorrow = { ...COURSE, completedAt: '2026-11-28' };
    // There it has begun.
    expect(dataOf('course.completed', tomorrow, 'Pacific/Kiritimati')['completedAt']).toBe(SIGNED);
    expect(detailOf('course.completed', tomorrow)).toMatch('is after the delivery was signed');
  });

  test('may be the day of the expiry and of its deadline alike', () => {
    const day = '2026-11-27';
    expect(detailOf('certification.expired', { ...EXPIRED, expiredAt: day, renewalDeadline: day })).toBe('event');
  });
});

describe('a time that cannot be meant', () => {
  const sentinels = ['0001-01-01', '0000-01-01T00:00:00+05:00', '1970-01-01T00:00:00Z', 0, -1, '1999-12-31T23:59:59Z'];
  const far = ['9999-12-31T23:59:59-05:00', '9999-12-31', 8640000000000001, 1e300, '2201-01-01T00:00:00Z'];

  test.each([...sentinels, ...far])('%j is kept for a person, with a sentence that says so', (value) => {
    const sentence = /is before the year 2000 or after 2200$/;
    expect(detailOf('user.deprovisioned', { ...LEAVER, deprovisionedAt: value })).toMatch(sentence);
    expect(detailOf('certification.expired', { ...EXPIRED, renewalDeadline: value })).toMatch(sentence);
    expect(detailOf('course.completed', { ...COURSE, completedAt: value })).toMatch(sentence);
  });

  test.each([
    ['course.completed', 'completedAt', COURSE],
    ['certification.expired', 'expiredAt', { ...EXPIRED, renewalDeadline: '2199-01-01' }],
  ] as const)('in %s is one after the delivery was signed, five minutes apart', (event, field, data) => {
    const at = (ms: number) => ({ ...data, [field]: isoTime(SIGNED_AT + ms) });
    expect(detailOf(event, at(5 * MINUTE))).toBe('event');
    for (const ms of [5 * MINUTE + 1, DAY, 73 * 365 * DAY])
      expect(detailOf(event, at(ms))).toBe(`data-does-not-fit: data.${field}: is after the delivery was signed`);
  });

  test('is a deadline before its own expiry', () => {
    const before = { ...EXPIRED, renewalDeadline: '2026-11-25T00:00:00Z' };
    expect(detailOf('certification.expired', before)).toBe(
      'data-does-not-fit: data.expiredAt: is after renewalDeadline',
    );
  });

  test.each([
    'soon',
    '2026-02-30',
    '27.11.2026',
    '2026-11-27T25:00:00Z',
    '2026-11-27T10:61:00Z',
    '+010000-01-01T00:00:00Z',
  ])('%j is none', (value) => {
    expect(detailOf('course.completed', { ...COURSE, completedAt: value })).toMatch(/is no time that can be read/);
    expect(detailOf('certification.expired', { ...EXPIRED, renewalDeadline: value })).toMatch(/is no time/);
  });

  test('is no deadline at all', () => {
    for (const renewalDeadline of [undefined, null, '', {}, true])
      expect(detailOf('certification.expired', { ...EXPIRED, renewalDeadline })).toMatch(
        /renewalDeadline: is missing$/,
      );
  });
});

describe('a number outside its range', () => {
  test.each<[EventName, object, string]>([
    ['module.progress', { ...PROGRESS, progressPct: 250 }, 'progressPct'],
    ['module.progress', { ...PROGRESS, progressPct: -5 }, 'progressPct'],
    ['module.progress', { ...PROGRESS, progressPct: 100.1 }, 'progressPct'],
    ['module.progress', { ...PROGRESS, timeSpentSec: -1 }, 'timeSpentSec'],
    ['module.progress', { ...PROGRESS, timeSpentSec: 1e300 }, 'timeSpentSec'],
    ['course.completed', { ...COURSE, score: 101 }, 'score'],
    ['course.completed', { ...COURSE, score: -1 }, 'score'],
    ['quiz.submitted', { ...QUIZ, score: -1 }, 'score'],
    ['quiz.submitted', { ...QUIZ, score: 11 }, 'score'],
    ['quiz.submitted', { ...QUIZ, maxScore: -10 }, 'maxScore'],
    ['quiz.submitted', { ...QUIZ, maxScore: 1e300 }, 'maxScore'],
  ])('of %s is kept for a person, and named', (event, data, field) => {
    expect(detailOf(event, data)).toMatch(
      new RegExp(`^data-does-not-fit: data\\.${field}: is (not between|more than)`),
    );
  });

  test.each<[EventName, object]>([
    ['module.progress', { ...PROGRESS, progressPct: 0, timeSpentSec: 0 }],
    ['module.progress', { ...PROGRESS, progressPct: 100, timeSpentSec: 3e6 }],
    ['course.completed', { ...COURSE, score: 100 }],
    ['quiz.submitted', { ...QUIZ, score: 10 }],
    ['quiz.submitted', { ...QUIZ, score: 0, maxScore: 0 }],
    ['quiz.submitted', { ...QUIZ, score: null, maxScore: null, passed: null }],
  ])('of %s begins beyond its bounds: %j is read', (event, data) => {
    expect(detailOf(event, data)).toBe('event');
  });
});
