import { CASE_MESSAGE_NAMES, CASE_MESSAGES, isCaseMessage, kebabCase, type CaseMessage } from '../../src/domain';
import * as wire from '../../workflows/messages';
import { describeState } from '../../workflows/process/web-ui';

/** Sent by events alone, never by people. */
const OF_EVENTS = ['joined', 'rehired'];

const PARKED: wire.StepState = { step: 's', title: 'S', status: 'parked', detail: 'send identify', at: '' };
const STATE: wire.ProcessState = {
  phase: 'parked',
  outcome: null,
  waitingFor: null,
  deadline: null,
  steps: [PARKED],
  history: [],
  notified: [],
};

/** What a workflow's own page says of a message: its kind, and the fields of its argument; `?`: may be left out. */
function onPage(name: string): { readonly kind: string; readonly fields: readonly string[] } {
  const page = describeState({ title: '', messages: [name], state: STATE, next: null });
  const [, kind = '', argument = ''] = /- (\w+) `\w+` `\{ (.*) \}`/.exec(page) ?? [];
  return { kind, fields: argument.split(', ') };
}

describe('CASE_MESSAGES', () => {
  test('are all signals and updates of the wire format but those that events send', () => {
    const kinds = Object.entries(wire).flatMap(([name]) => {
      const [, message, kind] = /^(\w+)(Signal|Update)$/.exec(name) ?? [];
      return message === undefined || OF_EVENTS.includes(message) ? [] : [[message, kind?.toLowerCase()]];
    });
    expect(Object.fromEntries(kinds)).toEqual(
      Object.fromEntries(CASE_MESSAGE_NAMES.map((name) => [name, CASE_MESSAGES[name].kind])),
    );
  });

  test.each(CASE_MESSAGE_NAMES)('%s has the fields that its workflow reads', (name) => {
    const { kind, fields, saysBy }: CaseMessage = CASE_MESSAGES[name];
    const page = onPage(name);
    expect(page.kind).toBe(kind);
    expect(page.fields.includes('by')).toBe(saysBy);
    const required = page.fields.filter((field) => !field.endsWith('?') && field !== 'by' && field !== 'step');
    const own = Object.entries(fields);
    expect(own.filter(([, { isRequired }]) => isRequired).map(([field]) => field)).toEqual(required);
    const known = page.fields.map((field) => field.replace('?', ''));
    expect(known).toEqual(expect.arrayContaining(own.map(([field]) => field).filter((field) => field !== 'reason')));
  });

  test('are commands in kebab case', () => {
    expect(kebabCase('extendDeadline')).toBe('extend-deadline');
    expect(isCaseMessage('constructor')).toBe(false);
  });
});
