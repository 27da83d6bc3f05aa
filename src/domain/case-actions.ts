/** The buttons of a workflow: the messages that are possible now and make sense, each with what it will do. */
import type { CaseFacts, ParkedStep } from './case-facts';
import { takesMessage, type CaseMessageName } from './case-messages';

/** What somebody has to say with the message. */
export type Asked = 'reason' | 'deadline' | 'to' | 'email' | 'note' | 'evidence' | 'data';

export interface CaseAction {
  readonly message: CaseMessageName;
  readonly label: string;
  /** As a sentence. */
  readonly does: string;
  readonly args: { readonly step?: string };
  readonly asks: readonly Asked[];
}

/** The most sensible first. */
export function actionsOf(facts: CaseFacts): readonly CaseAction[] {
  if (facts.status !== 'running') return [];
  const [first, ...others] = facts.parked;
  const decisions = first === undefined ? waitingActions(facts) : decisionsOn(first, facts);
  const more = others.flatMap(decisionsOnAnother);
  const rest = facts.phase === 'undoing' ? [] : [...cancelOf(facts), ESCALATE];
  return [...decisions, ...rest, ...more].filter(({ message }) => takesMessage(facts.workflowType, message));
}

type Choice = (parked: ParkedStep, facts: CaseFacts) => CaseAction;

const retry: Choice = ({ step, title }) => ({
  message: 'retryStep',
  label: 'Try again',
  does: `Tries “${title}” again now, and goes on when it works.`,
  args: { step },
  asks: [],
});

const letOn: Choice = (parked, facts) => ({
  ...retry(parked, facts),
  label: 'They have left: go on',
  does: 'Lets this one go on now. The limit stays for all others.',
});

const lookAgain: Choice = (parked, facts) => ({
  ...retry(parked, facts),
  label: 'Look again',
  does: 'Looks again now, and goes on when it finds what it needs.',
});

const skip: Choice = ({ step, title }) => ({
  message: 'skipStep',
  label: 'Go on without it',
  does: `Leaves “${title}” undone, and goes on with the next step.`,
  args: { step },
  asks: ['reason'],
});

const skipAs =
  (label: string, does: string): Choice =>
  (parked, facts) => ({ ...skip(parked, facts), label, does });

const identify: Choice = () => ({
  message: 'identify',
  label: 'Give the address',
  does: 'Looks for the person by the e-mail address that you give, and keeps it.',
  args: {},
  asks: ['email'],
});

/** By the key of why a step is parked. */
const CHOICES: Readonly<Record<string, readonly Choice[]>> = {
  leaverReason: [skipAs('They have left: go on', 'Ends their access as of any other leaver.')],
  // The offboarding keeps the policy that it began with.
  protected: [],
  limitPerHour: [letOn],
  rehireUnconfirmed: [skipAs('They have left: go on', 'Goes on ending their access. The hire counts as older.')],
  sharedAccount: [
    lookAgain,
    skipAs('End its access all the same', 'Ends the access of the account, also for the other learner who has it.'),
  ],
  notFound: [identify, lookAgain, skipAs('They have no account', 'Goes on: there is no account to close.')],
  noAddress: [identify, lookAgain, skip],
  accountConflict: [identify, lookAgain, skip],
};

function decisionsOn(parked: ParkedStep, facts: CaseFacts): readonly CaseAction[] {
  const { cause } = parked;
  const choices = cause !== null && Object.hasOwn(CHOICES, cause) ? CHOICES[cause] : undefined;
  return (choices ?? [retry, skip]).map((choice) => choice(parked, facts));
}

/** Of several steps each has its own. */
function decisionsOnAnother({ step, title }: ParkedStep): readonly CaseAction[] {
  return [
    {
      message: 'retryStep',
      label: `Try “${title}” again`,
      does: `Tries “${title}” again now.`,
      args: { step },
      asks: [],
    },
    {
      message: 'skipStep',
      label: `Go on without “${title}”`,
      does: `Leaves “${title}” undone.`,
      args: { step },
      asks: ['reason'],
    },
  ];
}

const ESCALATE: CaseAction = {
  message: 'escalate',
  label: 'Escalate',
  does: 'Notifies the next person of the escalation chain now. All else goes on as before.',
  args: {},
  asks: ['reason'],
};

const CANCELS: Readonly<Record<string, { readonly label: string; readonly does: string }>> = {
  offboarding: {
    label: 'Cancel, they stay',
    does: 'Stops, and gives back every access that was ended so far.',
  },
  recertification: {
    label: 'Cancel',
    does: 'Stops, and puts the learner’s groups and the CRM status back as they were.',
  },
  onboarding: { label: 'Cancel', does: 'Stops, and takes the learner out of the groups that it added.' },
};

/** What is in quarantine is discarded instead. */
function cancelOf({ workflowType }: CaseFacts): readonly CaseAction[] {
  if (workflowType === 'quarantine') return [];
  const words = CANCELS[workflowType] ?? { label: 'Cancel', does: 'Stops, and takes back what it has done so far.' };
  return [{ message: 'cancel', ...words, args: {}, asks: ['reason'] }];
}

function waitingActions({ workflowType, phase, cause }: CaseFacts): readonly CaseAction[] {
  // Nothing is at rest that one could decide on.
  if (phase === 'undoing') return [];
  if (workflowType === 'quarantine') return quarantineActions(cause === 'conflict');
  return WAITING[workflowType] ?? [];
}

const WAITING: Readonly<Record<string, readonly CaseAction[]>> = {
  recertification: [
    {
      message: 'extendDeadline',
      label: 'Extend the deadline',
      does: 'Moves the deadline, the reminders before it and what happens after it.',
      args: {},
      asks: ['deadline', 'reason'],
    },
    {
      message: 'recertified',
      label: 'It is renewed',
      does: 'Ends the case as renewed, and gives back the access that depends on the certificate.',
      args: {},
      asks: ['evidence'],
    },
  ],
  quizCoaching: [
    {
      message: 'coached',
      label: 'It is coached',
      does: 'Ends the case as coached. Nobody is notified any more.',
      args: {},
      asks: ['note'],
    },
  ],
};

function quarantineActions(isConflict: boolean): readonly CaseAction[] {
  const again = isConflict
    ? { label: 'Run it as well', does: 'Runs it as an event of its own, beside the one that came first.' }
    : { label: 'Run it again', does: 'Reads the event again as it came, and runs it when it can be read now.' };
  return [
    { message: 'redrive', ...again, args: {}, asks: [] },
    {
      message: 'redrive',
      label: 'Correct it',
      does: 'Runs the event with the data that you correct.',
      args: {},
      asks: ['data'],
    },
    {
      message: 'discard',
      label: 'Throw it away',
      does: 'Ends it. The event is never run.',
      args: {},
      asks: ['reason'],
    },
  ];
}
