import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from 'yaml';
import { readConfigFile, SettingsError } from '../../src/settings';

function file(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'mindtickle-policy-')), 'config.yaml');
  writeFileSync(path, content);
  return path;
}

/** Without the file's own path, which each sentence begins with. */
function faultsOf(content: string): readonly string[] {
  const path = file(content);
  try {
    readConfigFile(path);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults.map((fault) => fault.replace(`${path}: `, ''));
    throw error;
  }
  return [];
}

const defaults = ((): Record<string, unknown> => {
  const { policy, delivery, leaderboard, forget } = readConfigFile(undefined);
  return { ...policy, delivery, leaderboard, forget };
})();

interface Entry {
  readonly path: string;
  readonly comment: string;
}

/** Every entry of the example with the comment before it, which the first of a map has in the map's stead. */
function entriesOf(map: YAMLMap, above: string, path = ''): Entry[] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar(key)) return [];
    const here = `${path}${String(key.value)}`;
    const comment = key.commentBefore ?? (index === 0 ? above : '');
    const own = { path: here, comment };
    return isMap(value) ? [own, ...entriesOf(value, value.commentBefore ?? '', `${here}.`)] : [own];
  });
}

function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((held, key) => (held as Record<string, unknown> | undefined)?.[key], value);
}

/** Maps whose keys are the user's own, and lists, are one entry. */
function pathsOf(value: unknown, path = ''): string[] {
  const isLeaf = typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0;
  return isLeaf ? [path] : Object.entries(value).flatMap(([key, held]) => pathsOf(held, path ? `${path}.${key}` : key));
}

describe('the example file', () => {
  const path = resolve(__dirname, '../../docs/policy.example.yaml');
  const text = readFileSync(path, 'utf8');
  const document = parseDocument(text);
  const entries = entriesOf(document.contents as unknown as YAMLMap, '');

  test('is a policy', () => {
    const { policy } = readConfigFile(path);
    expect(policy.teams['t2']).toEqual({ escalation: ['director@example.com'] });
    expect(policy.calendar.holidays).toEqual(['2026-12-24', '2026-12-25', '2027-01-01']);
  });

  test('names every entry that has a default, and the default that it has', () => {
    const named = entries.flatMap(({ path: at, comment }) => {
      const [, shown] = /Default: (.+)$/m.exec(comment) ?? [];
      return shown === undefined ? [] : [[at, parse(shown)] as const];
    });
    expect(named.map(([at]) => at).sort()).toEqual(pathsOf(defaults).sort());
    expect(named).toEqual(named.map(([at]) => [at, valueAt(defaults, at)]));
  });

  test('has the entries without a default too', () => {
    const others = ['course.passPercent', 'quiz.passPercent', 'offboarding.leaverReasons'];
    const connectors = ['connectors.identity', 'connectors.mail', 'connectors.archive'];
    expect(entries.map(({ path: at }) => at)).toEqual(expect.arrayContaining([...others, ...connectors]));
  });
});

describe('readConfig', () => {
  test.each(['', '\n# nothing yet\n', '{}', 'calendar: {}\nquiz: {}'])('%j is all defaults', (content) => {
    expect(readConfigFile(file(content))).toEqual(readConfigFile(undefined));
  });

  test.each<[string, string, string]>([
    ['an unknown key', 'quizz: {}', '(top level): unknown key quizz: did you mean quiz? (line 1: quizz: {})'],
    ['an unknown key inside', 'quiz: { slaDays: 5 }', 'quiz: unknown key slaDays (line 1: quiz: { slaDays: 5 })'],
    [
      'a wrong type',
      'quiz: { slaWorkingDays: soon }',
      'quiz.slaWorkingDays: must be a number (line 1: quiz: { slaWorkingDays: soon })',
    ],
    ['negative days', 'quiz: { slaWorkingDays: -1 }', 'quiz.slaWorkingDays: must be at least 0'],
    ['half a working day', 'quiz: { slaWorkingDays: 0.5 }', 'quiz.slaWorkingDays: must be a whole number'],
    [
      'a negative day in a list',
      'recertification: { remindDaysBefore: [30, -1] }',
      'recertification.remindDaysBefore.1',
    ],
    ['more than all', 'quiz: { passPercent: 101 }', 'quiz.passPercent: must be at most 100'],
    [
      'an administrator without an address',
      'administrators: [a@example.com, ada]',
      'administrators.1: must be an e-mail address',
    ],
    ['a lead without one', 'teams: { t1: { escalation: [vera] } }', 'teams.t1.escalation.0: must be an e-mail address'],
    ['a manager without one', 'teams: { t1: { manager: mona } }', 'teams.t1.manager: must be an e-mail address'],
    [
      'a team in two spellings',
      'teams: { "Sales North": {}, "sales  north": {} }',
      'teams.sales  north: is the same name as "Sales North"',
    ],
    [
      'a course in two spellings',
      'course: { renews: { "Café": [A], "Cafe\\u0301": [B] } }',
      'is the same name as "Café": keep one of them',
    ],
    ['an unknown zone', 'calendar: { timeZone: Europe/Atlantis }', 'calendar.timeZone: not a time zone'],
    ['an offset for a zone', 'calendar: { timeZone: "+02:00" }', 'calendar.timeZone: not a time zone'],
    ['a zone that is none at all', 'calendar: { timeZone: 1 }', 'calendar.timeZone: must be a text'],
    [
      'an unknown day',
      'calendar: { workingDays: [mon, Dienstag] }',
      'calendar.workingDays.1: must be one of sun, mon, tue, wed, thu, fri, sat',
    ],
    ['no working day at all', 'calendar: { workingDays: [] }', 'calendar.workingDays: must have at least 1 entry'],
    [
      'a day that is not in the calendar',
      'calendar: { holidays: [2027-02-29] }',
      'calendar.holidays.0: must be a date, such as 2026-12-25',
    ],
    ['a date in another form', 'calendar: { holidays: [25.12.2026] }', 'calendar.holidays.0: must be'],
    [
      'an administrator that is no list',
      'administrators: a@example.com',
      'administrators: must be a list (line 1: administrators: a@example.com)',
    ],
    [
      'a key that is nearly one of ours',
      '# ours\nrecertification:\n  remindDayBefore: [30]\n',
      'recertification: unknown key remindDayBefore: did you mean remindDaysBefore? (line 3: remindDayBefore: [30])',
    ],
    ['what is no map', '- quiz', '(top level): must be a map'],
  ])('%s is named by its path', (_claim, content, fault) => {
    expect(faultsOf(content)).toEqual([expect.stringContaining(fault)]);
  });

  test('a connector is a mode, or a mode with limits', () => {
    const { modes, limits } = readConfigFile(
      file('connectors: { identity: on, mail: { mode: observe, perSecond: 0.5 }, xapi: { slots: 3 } }'),
    );
    expect(modes).toMatchObject({ identity: 'on', mail: 'observe', xapi: undefined, slack: undefined });
    expect(limits).toMatchObject({ mail: { perSecond: 0.5 }, xapi: { slots: 3 } });
    expect(limits.identity).toEqual({});
  });

  test.each<[string, string]>([
    ['mail: { perSecond: 0 }', 'connectors.mail.perSecond: must be more than 0'],
    ['mail: { slots: 1.5 }', 'connectors.mail.slots: must be a whole number'],
    ['mail: { rate: 1 }', 'connectors.mail: unknown key rate'],
    ['mail: often', 'connectors.mail.mode: must be one of off, observe, on'],
    ['mail: true', 'connectors.mail: must be a map'],
  ])('of a connector, %s is named by its path', (content, fault) => {
    expect(faultsOf(`connectors: { ${content} }`)).toEqual([expect.stringContaining(fault)]);
  });

  test('every fault is named at once', () => {
    const faults = faultsOf('administrators: [ada]\ncalendar: { timeZone: Nowhere, workingDays: [] }');
    expect(faults.map((fault) => fault.split(':')[0])).toEqual([
      'administrators.0',
      'calendar.timeZone',
      'calendar.workingDays',
    ]);
  });

  test('a file that is no YAML is named, and nothing of it repeated', () => {
    expect(faultsOf('quiz: [secret-text').join()).not.toContain('secret-text');
  });

  test('a leap day is one, with or without quotes', () => {
    const { policy } = readConfigFile(file('calendar: { holidays: [2028-02-29, "2028-03-01"] }'));
    expect(policy.calendar.holidays).toEqual(['2028-02-29', '2028-03-01']);
  });

  test('an address twice in a list is once', () => {
    const { policy } = readConfigFile(
      file('administrators: [a@example.com, b@example.com, a@example.com, A@Example.com]'),
    );
    expect(policy.administrators).toEqual(['a@example.com', 'b@example.com']);
  });
});
