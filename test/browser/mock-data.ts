/** What the mock of the JSON API knows: invented, and the same in every run; times are relative to its start. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface MockPerson {
  readonly userId: string;
  readonly email: string | null;
  readonly name: string;
  readonly role: string | null;
  readonly teamId: string | null;
  readonly managerEmail: string | null;
  isActive: boolean;
}

export interface MockAction {
  readonly message: string;
  readonly label: string;
  readonly does: string;
  readonly args: { readonly step?: string };
  readonly asks: readonly string[];
}

export interface MockCase {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly event: string | null;
  status: string;
  readonly person: MockPerson | null;
  readonly about: string | null;
  phase: string | null;
  outcome: string | null;
  needs: string | null;
  cause: string | null;
  readonly step: string | null;
  readonly stepTitle: string | null;
  readonly since: string | null;
  readonly waitingFor: string | null;
  readonly next: { readonly at: string | null; readonly what: string } | null;
  deadline: string | null;
  readonly startedAt: string;
  closedAt: string | null;
  readonly sentence: string;
  readonly actions: readonly MockAction[];
  readonly webUi: string | null;
}

const NAMES = [
  'Ada Lovelace',
  'Grace Hopper',
  'Katherine Johnson',
  'Annie Easley',
  'Radia Perlman',
  'Mary Jackson',
  'Barbara Liskov',
  'Dorothy Vaughan',
  'Frances Allen',
  'Hedy Lamarr',
];
const TEAMS = ['emea-sales', 'americas-sales', 'support'];
const CERTIFICATES = ['Forklift safety', 'Information security 2026', 'First aid'];

export const at = (base: number, offset: number): string => new Date(base + offset).toISOString();

export function makePeople(count: number): MockPerson[] {
  return Array.from({ length: count }, (_, index) => {
    const name = NAMES[index % NAMES.length] ?? '';
    const suffix = index < NAMES.length ? '' : ` ${Math.floor(index / NAMES.length) + 1}`;
    return {
      userId: `u-${1000 + index}`,
      email: `${name.toLowerCase().replace(' ', '.')}${suffix.trim()}@example.com`,
      name: `${name}${suffix}`,
      role: index % 3 === 0 ? 'Account executive' : 'Engineer',
      teamId: TEAMS[index % TEAMS.length] ?? null,
      managerEmail: 'manager@example.com',
      isActive: true,
    };
  });
}

export const ACTIONS = {
  cancel: {
    message: 'cancel',
    label: 'Cancel',
    does: 'Ends this case, and undoes what must be undone.',
    args: {},
    asks: ['reason'],
  },
  escalate: {
    message: 'escalate',
    label: 'Escalate',
    does: 'Notifies the next person in the escalation chain now. The case goes on.',
    args: {},
    asks: ['reason', 'to'],
  },
  extend: {
    message: 'extendDeadline',
    label: 'Extend the deadline',
    does: 'Moves the deadline, and the reminders with it.',
    args: {},
    asks: ['deadline', 'reason'],
  },
  retry: {
    message: 'retryStep',
    label: 'Try again',
    does: 'Tries this step again now. If it fails, the case waits for a person again.',
    args: { step: 'suspendUser' },
    asks: ['reason'],
  },
  skip: {
    message: 'skipStep',
    label: 'Skip this step',
    does: 'Goes on without this step. Access may remain.',
    args: { step: 'suspendUser' },
    asks: ['reason'],
  },
  again: {
    message: 'redrive',
    label: 'Run it again',
    does: 'Reads the event again as it came, and runs it when it can be read now.',
    args: {},
    asks: [],
  },
  correct: {
    message: 'redrive',
    label: 'Correct it',
    does: 'Runs the event with the data that you correct.',
    args: {},
    asks: ['data'],
  },
  discard: {
    message: 'discard',
    label: 'Throw it away',
    does: 'Ends the case. The event has no effect.',
    args: {},
    asks: ['reason'],
  },
} satisfies Record<string, MockAction>;

interface Fields extends Partial<MockCase> {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly sentence: string;
}

function makeCase(base: number, fields: Fields): MockCase {
  return {
    runId: `run-${fields.workflowId}`,
    event: null,
    status: 'running',
    person: null,
    about: null,
    phase: 'waiting',
    outcome: null,
    needs: 'time',
    cause: null,
    step: null,
    stepTitle: null,
    since: at(base, -2 * HOUR),
    waitingFor: null,
    next: null,
    deadline: null,
    startedAt: at(base, -3 * HOUR),
    closedAt: null,
    actions: [],
    webUi: `https://temporal.example/namespaces/default/workflows/${fields.workflowId}`,
    ...fields,
  };
}

export function makeCases(base: number, people: readonly MockPerson[]): MockCase[] {
  return [...parked(base, people), ...recertifications(base, people), ...others(base, people)];
}

/** Leavers whose sign-in could not be ended: five of one cause. */
function parked(base: number, people: readonly MockPerson[]): MockCase[] {
  return people.slice(0, 5).map((person, index) => {
    const since = -(20 + index * 9) * MINUTE;
    return makeCase(base, {
      workflowId: `leaver-${index + 1}`,
      workflowType: 'offboarding',
      event: 'user.deprovisioned',
      person,
      phase: 'parked',
      needs: 'person',
      cause: 'identity.rejected',
      step: 'suspendUser',
      stepTitle: 'Suspend the user in the identity provider',
      since: at(base, since),
      startedAt: at(base, since - MINUTE),
      sentence: `${person.name} left, and sign-in is still possible: the identity provider refused our credentials (401).`,
      next: { at: at(base, since + HOUR), what: 'the security officer is notified' },
      actions: [ACTIONS.retry, ACTIONS.skip, ACTIONS.cancel],
    });
  });
}

function recertifications(base: number, people: readonly MockPerson[]): MockCase[] {
  return people.slice(0, 44).map((person, index) => {
    const deadline = at(base, (index - 2) * 1.5 * DAY + 6 * HOUR);
    const about = CERTIFICATES[index % CERTIFICATES.length] ?? '';
    const isOver = index < 2;
    return makeCase(base, {
      workflowId: `recert-${index + 1}`,
      workflowType: 'recertification',
      event: 'certification.expired',
      person,
      about,
      deadline,
      needs: isOver ? 'person' : 'time',
      cause: isOver ? 'overdue' : null,
      since: at(base, -(30 - index / 2) * DAY),
      waitingFor: `the learner to renew ${about}`,
      sentence: isOver
        ? `${person.name} has not renewed ${about} in time, and no longer has the access that needs it.`
        : `${person.name} has to renew ${about}.`,
      next: isOver
        ? { at: at(base, (20 + index) * DAY), what: 'it ends as lapsed' }
        : { at: deadline, what: 'access that needs this certificate ends' },
      actions: [ACTIONS.extend, ACTIONS.escalate, ACTIONS.cancel],
    });
  });
}

function others(base: number, people: readonly MockPerson[]): MockCase[] {
  const coaching = people.slice(10, 16).map((person, index) =>
    makeCase(base, {
      workflowId: `quiz-${index + 1}`,
      workflowType: 'quizCoaching',
      event: 'quiz.submitted',
      person,
      about: 'Discovery calls',
      deadline: at(base, (index + 1) * DAY),
      waitingFor: 'the manager to coach, or the learner to pass',
      sentence: `${person.name} scored 4 of 10 in Discovery calls.`,
      next: { at: at(base, (index + 1) * DAY), what: 'the manager’s manager is notified' },
      actions: [ACTIONS.escalate, ACTIONS.cancel],
    }),
  );
  const hires = people.slice(16, 20).map((person, index) =>
    makeCase(base, {
      workflowId: `hire-${index + 1}`,
      workflowType: 'onboarding',
      event: 'user.provisioned',
      person,
      deadline: at(base, (20 + index) * DAY),
      waitingFor: 'the first step in any course',
      sentence: `${person.name} was added, and has not begun to learn.`,
      next: { at: at(base, (3 + index) * DAY), what: 'the learner is reminded' },
      actions: [ACTIONS.cancel],
    }),
  );
  return [...coaching, ...hires, ...quarantined(base)];
}

function quarantined(base: number): MockCase[] {
  const fields = {
    workflowType: 'quarantine',
    needs: 'person',
    actions: [ACTIONS.again, ACTIONS.correct, ACTIONS.discard],
  };
  return [
    makeCase(base, {
      ...fields,
      workflowId: 'bad-leaver',
      event: 'user.deprovisioned',
      cause: 'unreadable',
      since: at(base, -35 * MINUTE),
      sentence: 'Somebody left, but the event does not say who: userId is missing.',
      next: { at: null, what: 'nothing happens; access remains' },
    }),
    makeCase(base, {
      ...fields,
      workflowId: 'conflict:evt-9:0123456789abcdef',
      event: 'course.completed',
      cause: 'conflict',
      since: at(base, -3 * DAY),
      sentence: 'The event evt-9 came twice with different content. The first one was used.',
      next: { at: null, what: 'nothing happens' },
    }),
  ];
}

const STEPS = ['signIn', 'sessions', 'groups', 'crm', 'chat', 'archive', 'deactivation'] as const;

export function makeLeaver(base: number, one: MockCase): Record<string, unknown> {
  const began = Date.parse(one.startedAt);
  const isParked = one.phase === 'parked';
  return leaver(one, {
    leftAt: at(began, -2 * MINUTE),
    receivedAt: at(began, 0),
    limitAt: at(began, HOUR),
    isLate: base > began + HOUR,
    steps: Object.fromEntries(
      STEPS.map((name, index) => [
        name,
        index === 0
          ? {
              status: isParked ? 'parked' : 'done',
              at: at(began, MINUTE),
              detail: isParked ? '401: our credentials were refused' : null,
            }
          : { status: 'pending', at: null, detail: null },
      ]),
    ),
  });
}

export function makeDoneLeavers(base: number, people: readonly MockPerson[]): Record<string, unknown>[] {
  return people.slice(5, 9).map((person, index) => {
    const began = base - (index + 1) * 30 * HOUR;
    const one = makeCase(base, {
      workflowId: `left-${index + 1}`,
      workflowType: 'offboarding',
      sentence: '',
      person: { ...person, isActive: false },
    });
    const status = ['done', 'done', 'done', 'off', 'notFound', 'done', 'pending'];
    return leaver(one, {
      leftAt: at(began, -2 * MINUTE),
      receivedAt: at(began, 0),
      limitAt: at(began, HOUR),
      accessEndedAt: at(began, (6 + index) * MINUTE),
      minutes: 6 + index,
      isLate: false,
      needs: 'time',
      steps: Object.fromEntries(
        STEPS.map((name, step) => [
          name,
          {
            status: status[step],
            at: status[step] === 'done' ? at(began, (1 + step) * MINUTE) : null,
            detail: status[step] === 'notFound' ? 'no account with this id or address' : null,
          },
        ]),
      ),
    });
  });
}

function leaver(one: MockCase, fields: Record<string, unknown>): Record<string, unknown> {
  const { workflowId, person, phase, outcome, needs, cause, actions, webUi } = one;
  return {
    workflowId,
    person,
    reason: 'Resigned',
    accessEndedAt: null,
    minutes: null,
    phase,
    outcome,
    needs,
    cause,
    actions,
    webUi,
    ...fields,
  };
}
