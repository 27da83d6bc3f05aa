import fc from 'fast-check';
import { parseBody, parseEventId } from '../../../src/receiver/verify/parse';
import { createRereader } from '../../../src/receiver/verify/parse';
import { eventNames } from '../../../src/events';

const COMPANY = 'acme';
const SIGNED_AT = Date.UTC(2026, 10, 23, 9);
const COURSE = {
  userId: 'mt-rita',
  courseName: 'Sales Basics',
  courseId: 'c-1',
  score: 92,
  completedAt: '2026-11-23T08:00:00Z',
};

const read = (body: unknown) =>
  parseBody(
    Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    { companyId: COMPANY },
    SIGNED_AT,
  );

function problemOf(body: unknown): string {
  const parsed = read(body);
  return parsed.kind === 'problem' ? parsed.problem.kind : parsed.kind;
}

describe('parseEventId', () => {
  test.each(['a', 'evt_01.HX-9', 'A'.repeat(128)])('takes %s', (id) => expect(parseEventId(id)).toBe(id));

  test.each([undefined, '', 'a'.repeat(129), 'a b', 'a:b', 'a/b', 'ä', 'a\n', 'a, a', '"a"'])('refuses %j', (id) => {
    expect(parseEventId(id)).toBeUndefined();
  });
});

describe('parseBody', () => {
  test('reads the fields of an event that it knows, whatever others there are', () => {
    const body = { event: 'course.completed', data: { ...COURSE, badge: 'gold' }, companyId: COMPANY, extra: 1 };
    expect(read(body)).toEqual({ kind: 'event', event: 'course.completed', data: COURSE, unread: [] });
  });

  test.each([
    ['nothing', '', 'not-json'],
    ['text', 'hello', 'not-json'],
    ['two values', '{} {}', 'not-json'],
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{}')]), 'not-json'],
    ['a byte that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'not-json'],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 'not-json'],
    ['an open bracket', '['.repeat(1_000_000), 'not-json'],
    ['null', 'null', 'no-envelope'],
    ['an array', [{ event: 'x', data: {}, companyId: COMPANY }], 'no-envelope'],
    ['a number', '42', 'no-envelope'],
    ['an empty object', {}, 'no-envelope'],
    ['no event', { data: {}, companyId: COMPANY }, 'no-envelope'],
    ['an event that is no text', { event: 1, data: {}, companyId: COMPANY }, 'no-envelope'],
    ['an empty event', { event: '', data: {}, companyId: COMPANY }, 'no-envelope'],
    ['an event longer than 255', { event: 'e'.repeat(256), data: {}, companyId: COMPANY }, 'no-envelope'],
    ['no company', { event: 'course.completed', data: COURSE }, 'no-company'],
    ['a company that is no text', { event: 'course.completed', data: COURSE, companyId: 7 }, 'no-company'],
    ['an empty company', { event: 'course.completed', data: COURSE, companyId: '' }, 'no-company'],
    ['an event of no known name', { event: 'badge.won', data: {}, companyId: COMPANY }, 'unknown-event'],
    ['an event named as an object has it', { event: 'toString', data: {}, companyId: COMPANY }, 'unknown-event'],
    ['an event named __proto__', { event: '__proto__', data: {}, companyId: COMPANY }, 'unknown-event'],
    ['no data', { event: 'course.completed', companyId: COMPANY }, 'data-does-not-fit'],
    ['data that is an array', { event: 'course.completed', data: [], companyId: COMPANY }, 'data-does-not-fit'],
    ['another company', { event: 'course.completed', data: COURSE, companyId: 'other' }, 'foreign'],
    ['another company, no known event', { event: 'badge.won', data: {}, companyId: 'other' }, 'foreign'],
    ['another company and nothing else', { companyId: 'other' }, 'foreign'],
    ['our company in other letters', { event: 'badge.won', data: {}, companyId: 'ACME' }, 'foreign'],
    [
      'our company in a prototype alone',
      `{"event":"course.completed","data":{},"__proto__":{"companyId":"${COMPANY}"}}`,
      'no-company',
    ],
  ])('finds in %s: %s', (_what, body, kind) => {
    expect(problemOf(body)).toBe(kind);
  });

  test.each([
    ['a number beyond all numbers', `{"score":1e400}`, /^data\.score: /],
    ['a number that is a text', `{"score":"92"}`, /^data\.score: is not a number$/],
    ['a date that is none', `{"completedAt":"2026-02-30"}`, /^data\.completedAt: is no time that can be read/],
    ['two faults', `{"courseName":"","courseId":null}`, /^data\.courseName: .*; data\.courseId: /],
  ])('names the field of %s, not its value', (_what, json, detail) => {
    const body = JSON.stringify({ event: 'course.completed', data: COURSE, companyId: COMPANY });
    const changed = body.replace(/\}(?=,"companyId")/, `,${json.slice(1)}`);
    expect(read(changed)).toEqual({
      kind: 'problem',
      event: 'course.completed',
      userId: 'mt-rita',
      isJson: true,
      problem: { kind: 'data-does-not-fit', detail: expect.stringMatching(detail) as unknown },
    });
  });

  test('a `__proto__` in data changes no object', () => {
    const data = `${JSON.stringify(COURSE).slice(0, -1)},"__proto__":{"polluted":true}}`;
    const parsed = read(`{"event":"course.completed","data":${data},"companyId":"${COMPANY}"}`);
    expect(parsed.kind).toBe('event');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'a field named %s changes no object, wherever it stands, and stands for no other field',
    (name) => {
      const poison = `"${name}":{"polluted":true,"userId":"u","companyId":"${COMPANY}","prototype":{"polluted":true}}`;
      const course = JSON.stringify(COURSE).slice(0, -1);
      const bodies = [
        [`{"event":"course.completed","data":${course},${poison}},"companyId":"${COMPANY}"}`, 'event'],
        [`{"event":"course.completed","data":${course},"x":[{${poison}}]},"companyId":"${COMPANY}"}`, 'event'],
        [`{"event":"course.completed","data":${course}},"companyId":"${COMPANY}",${poison}}`, 'event'],
        [`{"event":"course.completed","data":{${poison}},"companyId":"${COMPANY}"}`, 'data-does-not-fit'],
        [`{"event":"course.completed","data":${course}},${poison}}`, 'no-company'],
      ] as const;
      for (const [body, kind] of bodies) {
        expect(problemOf(body)).toBe(kind);
        const { data = {} } = read(body) as { readonly data?: object };
        expect(Object.getPrototypeOf(data)).toBe(Object.prototype);
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      expect((Object as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  describe('depth', () => {
    const nested = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`;
    const within = (deep: string): string => body.replace(/\}$/, `,"x":${deep}}`);
    const body = JSON.stringify({ event: 'course.completed', data: COURSE, companyId: COMPANY });
    const tooDeep = {
      kind: 'problem',
      event: null,
      userId: undefined,
      isJson: false,
      problem: { kind: 'not-json', detail: 'The body is nested more than 256 deep.' },
    };

    test('256 levels are read, and 257 go on as bytes', () => {
      expect(problemOf(within(nested(255)))).toBe('event');
      expect(read(within(nested(256)))).toEqual(tooDeep);
    });

    test.each([
      ['in a field that is not known', within(nested(500_000))],
      ['in objects', within(`${'{"a":'.repeat(170_000)}1${'}'.repeat(170_000)}`)],
      ['where a text belongs', body.replace('"mt-rita"', nested(500_000))],
      ['where the company belongs', body.replace(/"companyId".*$/, `"companyId":${nested(500_000)}}`)],
      ['and nothing else', nested(524_287)],
      ['below a key that names a prototype', `{"__proto__":${nested(500_000)}}`],
    ])('half a million levels %s overflow no stack', (_where, deep) => {
      expect(read(deep)).toEqual(tooDeep);
    });

    test('what is wide is not deep', () => {
      expect(problemOf(within(`[${'[],'.repeat(300_000)}0]`))).toBe('event');
    });
  });

  test.each([
    ['NUL', '\\u0000'],
    ['the first half of a pair', '\\ud83d'],
    ['the second half of a pair', '\\ude00'],
  ])('keeps an event whose fields hold %s for a person, and names them', (_what, character) => {
    const data = JSON.stringify({ ...COURSE, userId: 'mt-#', courseName: '#' }).replaceAll('#', character);
    const parsed = read(`{"event":"course.completed","data":${data},"companyId":"${COMPANY}"}`);
    const detail =
      'data.userId: contains a character that no text can have; data.courseName: contains a character that no text can have';
    expect(parsed).toMatchObject({ kind: 'problem', isJson: true, problem: { kind: 'data-does-not-fit', detail } });
  });

  test.each([
    ['a whole surrogate pair', '"courseName":"\\ud83d\\ude00"', 'event'],
    ['half a pair in a field that is not known', '"note":"\\ud800"', 'event'],
    ['half a pair in the name of a field', '"\\ud800":1', 'event'],
    ['minus zero', '"score":-0', 'event'],
    ['an id of 2^53 + 1 as a text', '"courseId":"9007199254740993"', 'event'],
    ['an id of 2^53 + 1 as a number', '"courseId":9007199254740993', 'data-does-not-fit'],
    ['minus a number beyond all numbers', '"score":-1e400', 'data-does-not-fit'],
    ['a field twice, the last one right', '"score":"x","score":92', 'event'],
    ['a field twice, the last one wrong', '"score":92,"score":"x"', 'data-does-not-fit'],
  ])('reads %s as JSON.parse does in the workflow: %s', (_what, fields, kind) => {
    const data = `${JSON.stringify(COURSE).slice(0, -1)},${fields}}`;
    expect(problemOf(`{"event":"course.completed","data":${data},"companyId":"${COMPANY}"}`)).toBe(kind);
  });

  test('takes the last of two companies, as the workflow will', () => {
    const rest = `"event":"course.completed","data":${JSON.stringify(COURSE)}`;
    expect(problemOf(`{"companyId":"other",${rest},"companyId":"${COMPANY}"}`)).toBe('event');
    expect(problemOf(`{"companyId":"${COMPANY}",${rest},"companyId":"other"}`)).toBe('foreign');
  });

  test('answers any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(read(Buffer.from(bytes)).kind).toBe('problem');
      }),
    );
  });

  test('answers any JSON in place of the envelope or of data, and never quotes a value of it', () => {
    const secretText = 'mt-secret-value';
    const value = fc.jsonValue();
    fc.assert(
      fc.property(value, fc.constantFrom(...eventNames), (any, event) => {
        read(JSON.stringify(any));
        const data = { ...Object(any), userId: [secretText] } as object;
        const parsed = read({ event, data, companyId: COMPANY });
        expect(parsed).toMatchObject({ kind: 'problem', problem: { kind: 'data-does-not-fit' } });
        expect(JSON.stringify(parsed)).not.toContain(secretText);
      }),
    );
  });
});

describe('createReader', () => {
  const reader = createRereader({ companyId: COMPANY });

  test('says whose workflow a body belongs to, and what was read of it', () => {
    const envelope = { event: 'course.completed', data: COURSE, companyId: COMPANY, sentBy: 'x' };
    const expected = { workflowType: 'courseCompletion', event: 'course.completed', data: COURSE };
    expect(reader(envelope, '2026-11-23T09:00:00Z')).toEqual(expected);
  });

  test.each([
    ['bytes', new Uint8Array([1, 2])],
    ['another company', { event: 'course.completed', data: COURSE, companyId: 'other' }],
    ['an unknown event', { event: 'badge.won', data: COURSE, companyId: COMPANY }],
    ['data that does not fit', { event: 'course.completed', data: {}, companyId: COMPANY }],
  ])('refuses %s with a sentence', (_what, envelope) => {
    expect(reader(envelope, '2026-11-23T09:00:00Z')).toEqual({ refused: expect.stringMatching(/\w/) as unknown });
  });
});
