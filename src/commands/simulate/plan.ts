import type { StandInsState } from '../../dev/stand-ins';
import type { EventName } from '../../events';

/** A person of a simulation, made for this run alone. */
export interface SimulatedPerson {
  readonly userId: string;
  readonly email: string;
  readonly name: string;
}

/** Something that a workflow leaves in another system, once, however many events ask for it. */
export interface ExpectedEffect {
  /** Equal for events that have it in common. */
  readonly key: string;
  /** How often it is there. */
  readonly count: (state: StandInsState) => number;
}

/** One thing that happens at MindTickle. */
export interface PlannedEvent {
  readonly event: EventName;
  readonly eventId: string;
  readonly data: object;
  readonly effects: readonly ExpectedEffect[];
}

export interface Plan {
  readonly people: readonly SimulatedPerson[];
  /** Display names of the groups that all of them are in. */
  readonly groups: readonly string[];
  readonly events: readonly PlannedEvent[];
}

/** What a plan is made of. Equal ones make equal plans. */
export interface PlanInput {
  /** In every id, so that no two runs meet. */
  readonly run: string;
  readonly count: number;
  /** 0 ≤ x < 1, and the same again for the same seed. */
  readonly random: () => number;
  /** Epoch ms. */
  readonly now: number;
}

/** Mulberry32: small, and good enough to vary scores. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const COURSE = 'Discovery Calls';
const CERTIFICATE = 'Sales Methodology';
const PASS_SHARE = 0.7;

/** Each learner takes the same quiz once; about half fail, and their manager is asked to coach them. */
export function quizPlan({ run, count, random }: PlanInput): Plan {
  const people = peopleOf(run, count);
  const events = people.map((person, index): PlannedEvent => {
    const score = 3 + Math.floor(random() * 8);
    const passed = score >= 10 * PASS_SHARE;
    return {
      event: 'quiz.submitted',
      eventId: eventIdOf(run, index),
      data: { userId: person.userId, quizName: 'Pricing Basics', quizId: `quiz-${run}`, score, maxScore: 10, passed },
      effects: passed ? [] : [mailedAbout(person, 'Coaching needed')],
    };
  });
  return { people, groups: ['Sales'], events };
}

/** Each learner's certificate runs out on the same day. */
export function expiryPlan({ run, count, now }: PlanInput): Plan {
  const people = peopleOf(run, count);
  const events = people.map((person, index): PlannedEvent => {
    const { userId } = person;
    const [expiredAt, renewalDeadline] = [daysAfter(now, -1), daysAfter(now, 60)];
    return {
      event: 'certification.expired',
      eventId: eventIdOf(run, index),
      data: { userId, certName: CERTIFICATE, expiredAt, renewalDeadline },
      effects: [mailedTo(person, 'Renew your certificate'), inGroup(person, 'Recertification required')],
    };
  });
  return { people, groups: ['Certified'], events };
}

/** Everybody leaves at once. */
export function layoffPlan({ run, count, now }: PlanInput): Plan {
  const people = peopleOf(run, count);
  const events = people.map((person, index): PlannedEvent => {
    const { userId, email } = person;
    return {
      event: 'user.deprovisioned',
      eventId: eventIdOf(run, index),
      data: { userId, email, reason: 'terminated', deprovisionedAt: daysAfter(now, 0) },
      effects: [
        { key: `blocked ${userId}`, count: (state) => usersOf(person, state).filter(({ active }) => !active).length },
        {
          key: `left groups ${userId}`,
          count: (state) => usersOf(person, state).filter(({ groups }) => groups.length === 0).length,
        },
        mailedAbout(person, 'Offboarded'),
      ],
    };
  });
  return { people, groups: ['Sales', 'Certified'], events };
}

/** Each learner completes one course. */
export function coursePlan({ run, count, random, now }: PlanInput): Plan {
  const people = peopleOf(run, count);
  const events = people.map((person, index) =>
    completion(person, run, String(index), 85 + Math.floor(random() * 15), now),
  );
  return { people, groups: ['Sales'], events };
}

/** Each learner completes a course twice, and better the second time: one certificate, one record with the better score. */
export function retakePlan({ run, count, random, now }: PlanInput): Plan {
  const people = peopleOf(run, count);
  const first = people.map(() => 82 + Math.floor(random() * 9));
  const best = first.map((score) => score + 1 + Math.floor(random() * 8));
  const take = (scores: readonly number[], name: string): readonly PlannedEvent[] =>
    people.map((person, index) => {
      const taken = completion(person, run, `${index}-${name}`, scores[index] ?? 0, now);
      return { ...taken, effects: [...taken.effects, recordedScore(person, best[index] ?? 0)] };
    });
  return { people, groups: ['Sales'], events: [...take(first, 'first'), ...take(best, 'again')] };
}

/** Completions of courses, and of each person's joining and leaving, which are SCIM events. */
export function scimPlan(input: PlanInput): Plan {
  const { people, groups, events } = coursePlan(input);
  const { run, now } = input;
  const scim = people.flatMap(({ userId, email }, index): PlannedEvent[] => [
    {
      event: 'user.provisioned',
      eventId: eventIdOf(run, `${index}-joins`),
      data: { userId, email, role: 'Account Executive', teamId: 'team-sales-emea', provisionedBy: 'scim' },
      effects: [],
    },
    {
      event: 'user.deprovisioned',
      eventId: eventIdOf(run, `${index}-leaves`),
      data: { userId, email, reason: 'terminated', deprovisionedAt: daysAfter(now, 0) },
      effects: [],
    },
  ]);
  return { people, groups, events: [...events, ...scim] };
}

function completion(person: SimulatedPerson, run: string, name: string, score: number, now: number): PlannedEvent {
  const { userId } = person;
  return {
    event: 'course.completed',
    eventId: eventIdOf(run, name),
    data: { userId, courseName: COURSE, courseId: `course-${run}`, score, completedAt: daysAfter(now, 0) },
    effects: [mailedTo(person, 'Your certificate'), recorded(person)],
  };
}

function peopleOf(run: string, count: number): readonly SimulatedPerson[] {
  return Array.from({ length: count }, (_, index) => ({
    userId: `sim-${run}-${index}`,
    email: `sim-${run}-${index}@example.com`,
    name: `Sim ${run}-${index}`,
  }));
}

/** What every event id of a run begins with. */
export function eventPrefix(run: string): string {
  return `sim-${run}.`;
}

function eventIdOf(run: string, name: number | string): string {
  return `${eventPrefix(run)}${name}`;
}

const DAY_MS = 86_400_000;

function daysAfter(now: number, days: number): string {
  return new Date(now + days * DAY_MS).toISOString();
}

function usersOf({ userId }: SimulatedPerson, { identity }: StandInsState): StandInsState['identity']['users'] {
  return identity.users.filter(({ externalId }) => externalId === userId);
}

function inGroup(person: SimulatedPerson, group: string): ExpectedEffect {
  return {
    key: `${group} ${person.userId}`,
    count: (state) => usersOf(person, state).filter(({ groups }) => groups.includes(group)).length,
  };
}

function mailedTo({ email, userId }: SimulatedPerson, subjectStarts: string): ExpectedEffect {
  return {
    key: `e-mail "${subjectStarts}" to ${userId}`,
    count: ({ mail }) =>
      mail.messages.filter(({ to, subject }) => to.includes(email) && subject.startsWith(subjectStarts)).length,
  };
}

/** To somebody else: it names the person. A name of one is the beginning of another's, such as 1 and 10. */
function mailedAbout({ userId, name }: SimulatedPerson, subjectStarts: string): ExpectedEffect {
  const names = new RegExp(`(${userId}|${name})(?![0-9])`);
  return {
    key: `e-mail "${subjectStarts}" about ${userId}`,
    count: ({ mail }) =>
      mail.messages.filter(({ subject, text }) => subject.startsWith(subjectStarts) && names.test(text)).length,
  };
}

function recordsOf({ userId }: SimulatedPerson, { salesforce }: StandInsState): readonly Record<string, unknown>[] {
  return salesforce.records.filter((record: Record<string, unknown>) => record['Learner_Id__c'] === userId);
}

function recorded(person: SimulatedPerson): ExpectedEffect {
  return { key: `CRM record of ${person.userId}`, count: (state) => recordsOf(person, state).length };
}

function recordedScore(person: SimulatedPerson, best: number): ExpectedEffect {
  return {
    key: `best score of ${person.userId}`,
    count: (state) => recordsOf(person, state).filter((record) => record['Score__c'] === best).length,
  };
}
