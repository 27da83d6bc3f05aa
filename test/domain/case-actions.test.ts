import { actionsOf, type CaseFacts } from '../../src/domain';

const FACTS: CaseFacts = {
  workflowType: 'offboarding',
  event: 'user.deprovisioned',
  status: 'running',
  person: null,
  about: null,
  phase: 'parked',
  outcome: null,
  needs: 'person',
  cause: null,
  why: null,
  parked: [],
  since: null,
  waitingFor: null,
  next: null,
  deadline: null,
  startedAt: '2026-11-28T08:00:00Z',
  closedAt: null,
};

const parked = (cause: string | null): Partial<CaseFacts> => ({
  cause,
  parked: [{ step: 'freeze', title: 'Freeze the sign-in', cause }],
});

function messages(more: Partial<CaseFacts>): readonly string[] {
  return actionsOf({ ...FACTS, ...more }).map(({ message }) => message);
}

describe('actionsOf', () => {
  test.each<[string, Partial<CaseFacts>, readonly string[]]>([
    [
      'a step that a system refuses',
      parked('identity.credentialsRefused'),
      ['retryStep', 'skipStep', 'cancel', 'escalate'],
    ],
    ['a step of an unknown cause', parked(null), ['retryStep', 'skipStep', 'cancel', 'escalate']],
    ['somebody protected', parked('protected'), ['cancel', 'escalate']],
    ['the limit of an hour', parked('limitPerHour'), ['retryStep', 'cancel', 'escalate']],
    ['a rehire', parked('rehireUnconfirmed'), ['skipStep', 'cancel', 'escalate']],
    ['nobody found', parked('notFound'), ['identify', 'retryStep', 'skipStep', 'cancel', 'escalate']],
    ['a step while it is taken back', { ...parked('slack.rejected'), phase: 'undoing' }, ['retryStep', 'skipStep']],
    ['an undo under way', { phase: 'undoing', needs: null }, []],
    [
      'a recertification that waits',
      { workflowType: 'recertification', phase: 'waiting' },
      ['extendDeadline', 'recertified', 'cancel', 'escalate'],
    ],
    ['a coaching', { workflowType: 'quizCoaching', phase: 'waiting' }, ['coached', 'cancel', 'escalate']],
    ['an onboarding', { workflowType: 'onboarding', phase: 'waiting' }, ['cancel', 'escalate']],
    [
      'a quarantined event',
      { workflowType: 'quarantine', phase: 'waiting' },
      ['redrive', 'redrive', 'discard', 'escalate'],
    ],
    ['progress, which takes none', { workflowType: 'moduleProgress', phase: 'working' }, []],
    ['one that has ended', { status: 'completed', phase: 'done' }, []],
  ])('of %s are those that are possible now', (_what, more, expected) => {
    expect(messages(more)).toEqual(expected);
  });

  test('each of several parked steps can be decided on', () => {
    const two = {
      parked: [
        { step: 'a', title: 'A', cause: null },
        { step: 'b', title: 'B', cause: null },
      ],
    };
    const steps = actionsOf({ ...FACTS, ...two }).flatMap(({ message, args }) =>
      args.step ? [[message, args.step]] : [],
    );
    expect(steps).toEqual([
      ['retryStep', 'a'],
      ['skipStep', 'a'],
      ['retryStep', 'b'],
      ['skipStep', 'b'],
    ]);
  });

  test('a message that keeps a reason asks for it', () => {
    const asked = actionsOf({ ...FACTS, ...parked('slack.rejected') }).map(({ message, asks }) => [message, asks]);
    expect(asked).toEqual([
      ['retryStep', []],
      ['skipStep', ['reason']],
      ['cancel', ['reason']],
      ['escalate', ['reason']],
    ]);
  });
});
