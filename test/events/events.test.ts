import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoDeliveries } from '../../src/commands/demo/deliveries';
import { eventNames, events, quarantine, type EventName } from '../../src/events';
import type { DemoOfEvent } from '../../src/events/descriptor';
import { email, id, text, title } from '../../src/events/fields';
import { dataOf } from './deliveries';

describe('the descriptor of', () => {
  test.each(eventNames)('%s has sample data that fits its schema and names its subject', (event) => {
    const learner = { userId: 'u1', email: 'u1@example.com', role: 'rep', teamId: 't1', run: 'r1', now: 0 };
    const data: Readonly<Record<string, unknown>> = events[event].sample(learner);
    expect(events[event].schema.safeParse(data).success).toBe(true);
    const { subject = 'userId' } = events[event] as { readonly subject?: string };
    expect(typeof data[subject]).toBe('string');
  });
});

describe('the demo', () => {
  test('sends each event, about a person of its own, and one event that nobody knows', () => {
    const deliveries = demoDeliveries('r1', 0);
    expect(deliveries.map(({ event }) => event)).toEqual([...eventNames, 'demo.unknown']);
    const people = deliveries.slice(0, -1).map(({ person }) => person.userId);
    expect(new Set(people).size).toBe(eventNames.length);
  });
});

describe('a step that the demo waits for', () => {
  const folder = resolve(__dirname, '../../workflows');
  const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  const stepsOf = (event: EventName): readonly string[] => {
    const { lastStep, effects }: DemoOfEvent = events[event].demo;
    return [...effects.map(({ step }) => step), ...(lastStep === undefined ? [] : [lastStep])];
  };

  test.each(eventNames)('is a step of the workflow of %s', (event) => {
    // A step that names a group has a template: `join ${group}`.
    const literals = stepsOf(event).map((step) => (step.startsWith('join ') ? '`join ${' : `'${step}'`));
    expect(literals.filter((literal) => !source.includes(literal))).toEqual([]);
  });
});

describe('the table of events in README.md', () => {
  const readme = readFileSync(resolve(__dirname, '../../README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `([a-z.]+)`[^|]*\| `(\w+)`/gm)].map(([, event, type]) => `${event} → ${type}`);

  test('has a row for each event, with its workflow', () => {
    expect(rows.sort()).toEqual(eventNames.map((event) => `${event} → ${events[event].workflowType}`).sort());
    expect(readme).toMatch(new RegExp(`^\\| any other signed event +\\| \`${quarantine.workflowType}\``, 'm'));
  });
});

describe('texts of an event', () => {
  test.each([
    ['a NUL', 'a\u0000b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('with %s are refused: neither the ledger nor an e-mail can keep them', (_what, value) => {
    for (const schema of [text, id, title]) expect(schema.safeParse(value).success).toBe(false);
    expect(email.safeParse(`${value}@example.com`).success).toBe(false);
  });

  test('with letters of any script, and pictures, are accepted', () => {
    for (const schema of [text, id, title]) expect(schema.safeParse('é 漢 🎓').success).toBe(true);
  });

  test('are refused wherever they are needed', () => {
    const { schema } = events['course.completed'];
    const data = dataOf('course.completed');
    expect(schema.safeParse({ ...data, courseName: 'Sa\u0000les' }).success).toBe(false);
    expect(schema.safeParse({ ...data, courseName: 'Sales' }).success).toBe(true);
  });
});
