import type { ProcessState } from '../../../workflows/messages';
import { people, type Person } from '../../dev/people';
import type { StandInsState } from '../../dev/stand-ins';
import { eventNames, events, quarantine, type DemoEffect, type EventName } from '../../events';

/** One delivery of the demo, and what should come of it. */
export interface DemoDelivery {
  readonly event: string;
  readonly eventId: string;
  readonly workflowType: string;
  readonly data: object;
  readonly person: Person;
  /** The last step before its workflow rests; absent where it ends. */
  readonly lastStep?: string | undefined;
  readonly effects: readonly DemoEffect[];
}

/**
 * One delivery of every event, each about another person, and one of an event that nobody knows. Courses and quizzes
 * are the run's own, so that a second run completes them for the first time too. `now` in epoch ms.
 */
export function demoDeliveries(run: string, now: number): readonly DemoDelivery[] {
  const unknown = {
    event: 'demo.unknown',
    eventId: eventIdOf(run, 'demo.unknown'),
    workflowType: quarantine.workflowType,
    data: { userId: people.carla.userId, badgeName: 'First Steps' },
    person: people.carla,
    effects: [],
  };
  return [...eventNames.map((event) => demoDelivery(event, run, now)), unknown];
}

function demoDelivery(event: EventName, run: string, now: number): DemoDelivery {
  const { workflowType, sample, demo } = events[event];
  const { lastStep, effects }: { lastStep?: string; effects: readonly DemoEffect[] } = demo;
  const person = people[demo.person];
  const { userId, email, role, teamId } = person;
  const data = sample({ userId, email, role, teamId, run, now });
  return { event, eventId: eventIdOf(run, event), workflowType, data, person, lastStep, effects };
}

function eventIdOf(run: string, event: string): string {
  return `demo-${run}-${event}`;
}

/** What is missing in the stand-ins of what the workflow's steps say was done; empty when all is there. */
export function missingEffects(
  { effects, person }: DemoDelivery,
  steps: ProcessState['steps'],
  state: StandInsState,
): readonly string[] {
  const done = new Set(steps.filter(({ status }) => status === 'done').map(({ step }) => step));
  return effects
    .filter(({ step }) => done.has(step))
    .map((effect) => expectation(effect, person, state))
    .filter(({ isThere }) => !isThere)
    .map(({ what }) => what);
}

interface Expectation {
  readonly what: string;
  readonly isThere: boolean;
}

function expectation(effect: DemoEffect, person: Person, state: StandInsState): Expectation {
  const { userId, email } = person;
  const user = state.identity.users.find(({ userName }) => userName === email);
  if ('inGroup' in effect)
    return { what: `${userId} is in the group "${effect.inGroup}"`, isThere: isIn(user?.groups, effect.inGroup) };
  if ('leftAllGroups' in effect) return { what: `${userId} is in no group`, isThere: user?.groups.length === 0 };
  if ('signInBlocked' in effect) return { what: `${userId} cannot sign in`, isThere: user?.active === false };
  if ('mailTo' in effect) return mailed(effect, person, state);
  if ('crmRecord' in effect) return recorded(effect.crmRecord, userId, state);
  if ('chatDeactivated' in effect)
    return {
      what: `the chat account of ${userId} is not active`,
      isThere: state.slack.users.some((account) => account.email === email && !account.active),
    };
  const isOfLearner = ({ statement, files }: StandInsState['xapi']['statements'][number]): boolean =>
    JSON.stringify(statement).includes(userId) && files.length === 1;
  return {
    what: `the LMS has a statement about ${userId} with the certificate`,
    isThere: state.xapi.statements.some(isOfLearner),
  };
}

function isIn(groups: readonly string[] | undefined, name: string): boolean {
  return groups?.includes(name) === true;
}

function mailed(
  { mailTo, subjectStarts }: Extract<DemoEffect, { readonly mailTo: string }>,
  { email, managerEmail }: Person,
  { mail }: StandInsState,
): Expectation {
  const to = mailTo === 'manager' ? managerEmail : email;
  return {
    what: `an e-mail "${subjectStarts}…" to the ${mailTo}`,
    isThere: mail.messages.some(
      (message) => to !== null && message.to.includes(to) && message.subject.startsWith(subjectStarts),
    ),
  };
}

function recorded(
  fields: Readonly<Record<string, string | boolean>>,
  userId: string,
  { salesforce }: StandInsState,
): Expectation {
  const expected = Object.entries(fields).map(([name, value]) => [name, value === 'learner' ? userId : value] as const);
  return {
    what: `a CRM record with ${expected.map(([name, value]) => `${name} ${value}`).join(', ')}`,
    isThere: salesforce.records.some((record: Readonly<Record<string, unknown>>) =>
      expected.every(([name, value]) => record[name] === value),
    ),
  };
}
