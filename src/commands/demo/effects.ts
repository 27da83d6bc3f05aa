import type { ProcessState } from '../../../workflows/messages';
import { people } from '../../dev/people';
import type { StandInsState } from '../../dev/stand-ins';

/** An effect that a step leaves in a stand-in, and how it is seen there. */
interface Expected {
  /** The step that makes it: an effect is expected when this step says `done`. */
  readonly step: string;
  readonly what: string;
  readonly isThere: (state: StandInsState) => boolean;
}

const EXPECTED: Readonly<Record<string, readonly Expected[]>> = {
  recertification: [
    {
      step: 'joinRecertificationRequired',
      what: 'the learner is in the group "Recertification required"',
      isThere: (state) => groupsOf(state, people.rita.email).includes('Recertification required'),
    },
    letter('tellLearner', people.rita.email, 'Renew your certificate'),
    letter('tellManager', people.mona.email, 'A certificate of your team'),
    record('markRequired', 'the certificate is marked as to be renewed in the CRM', {
      Learner_Id__c: people.rita.userId,
      Status__c: 'Recertification required',
    }),
  ],
  offboarding: [
    {
      step: 'freeze',
      what: 'the leaver cannot sign in',
      isThere: (state) =>
        state.identity.users.some(({ userName, active }) => userName === people.omar.email && !active),
    },
    {
      step: 'leaveGroups',
      what: 'the leaver is in no group',
      isThere: (state) => groupsOf(state, people.omar.email).length === 0,
    },
    record('freezeCrm', 'the CRM user of the leaver is frozen', { type: 'UserLogin', IsFrozen: true }),
    {
      step: 'deactivateChat',
      what: 'the chat account of the leaver is not active',
      isThere: ({ slack }) => slack.users.some(({ email, active }) => email === people.omar.email && !active),
    },
  ],
  quizCoaching: [letter('tellManager', people.mona.email, 'Coaching needed')],
  onboarding: [
    {
      step: 'join Sales onboarding',
      what: 'the new hire is in the group "Sales onboarding"',
      isThere: (state) => groupsOf(state, people.nina.email).includes('Sales onboarding'),
    },
    letter('welcome', people.nina.email, 'Welcome'),
    record('linkContact', 'the contact of the new hire carries the user id', {
      type: 'Contact',
      MindTickle_User_Id__c: people.nina.userId,
    }),
  ],
  courseCompletion: [
    letter('tellLearner', people.carla.email, 'Your certificate'),
    record('recordTraining', 'the training status is in the CRM', {
      Learner_Id__c: people.carla.userId,
      Status__c: 'Completed',
    }),
    {
      step: 'storeStatement',
      what: 'the LMS has the statement with the certificate',
      isThere: ({ xapi }) =>
        xapi.statements.some(
          ({ statement, files }) => JSON.stringify(statement).includes(people.carla.userId) && files.length === 1,
        ),
    },
  ],
};

/** What is missing in the stand-ins of what the workflow's steps say was done; empty when all is there. */
export function missingEffects(
  workflowType: string,
  steps: ProcessState['steps'],
  state: StandInsState,
): readonly string[] {
  const done = new Set(steps.filter(({ status }) => status === 'done').map(({ name }) => name));
  return (EXPECTED[workflowType] ?? [])
    .filter(({ step, isThere }) => done.has(step) && !isThere(state))
    .map(({ what }) => what);
}

function letter(step: string, to: string, subject: string): Expected {
  return {
    step,
    what: `a letter "${subject}…"`,
    isThere: ({ mail }) =>
      mail.messages.some((message) => message.to.includes(to) && message.subject.startsWith(subject)),
  };
}

function record(step: string, what: string, fields: Readonly<Record<string, unknown>>): Expected {
  const isIt = (held: Readonly<Record<string, unknown>>): boolean =>
    Object.entries(fields).every(([name, value]) => held[name] === value);
  return { step, what, isThere: ({ salesforce }) => salesforce.records.some(isIt) };
}

function groupsOf({ identity }: StandInsState, email: string): readonly string[] {
  return identity.users.find(({ userName }) => userName === email)?.groups ?? [];
}
