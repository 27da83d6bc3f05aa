import { DAY, HOUR, MINUTE, programGroups, provisionedFact } from '../src/domain';
import type { Delivery, Envelope, UserProvisioned } from '../src/events';
import { joinGroup, letterTo, letterToLearner, type Membership } from './process/common-steps';
import type { Outcome } from './messages';
import { openProcess, type Body, type Carried, type Process, type ProcessResult } from './process/process';
import { linkContact } from './process/crm-writes';
import { askLedger } from './process/activity-proxies';
import { since } from './releases';

/** Put a new hire into the programs of role and team, and nudge until the first step. */
export async function onboarding(
  delivery: Delivery,
  envelope: Envelope<UserProvisioned>,
  carried?: Carried<Place>,
): Promise<ProcessResult> {
  const { userId, email } = envelope.data;
  const process = openProcess({
    delivery,
    body: envelope,
    userId,
    email,
    about: `Onboarding of ${userId}`,
    messages: ['started'],
    carried,
  });
  const start = { isMade: false };
  process.onSignal(
    { name: 'started', description: 'The learner took a first step: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'started', by: `event ${eventId}`, reason: null });
      start.isMade = true;
    },
  );
  return process.run(
    () => provisionedFact(envelope, delivery),
    (given) => untilStarted(process, envelope.data, start, given, carried?.place),
  );
}

/** Where an onboarding is at rest: since when it runs, epoch ms, and which of its moments is next. */
interface Place {
  readonly begun: number;
  readonly next: number;
}

async function untilStarted(
  process: Process,
  data: UserProvisioned,
  start: { isMade: boolean },
  { terms, recorded }: Body,
  place: Place | undefined,
): Promise<Outcome> {
  const { nudgeLearnerAfterDays, nudgeManagerAfterDays, endAfterDays, programs } = terms.policy.onboarding;
  const { begun, next } = place ?? { begun: Date.now(), next: 0 };
  start.isMade ||= recorded.settledBy?.signal === 'started';
  const groups = programGroups(programs, data.role, data.teamId);
  const welcomed = place === undefined ? process.aside(() => welcome(process, data, groups)) : undefined;
  const nudges = [
    {
      at: begun + nudgeLearnerAfterDays * DAY,
      run: () => letterToLearner(process, 'nudgeLearner', nudge(data.userId, false)),
    },
    { at: begun + nudgeManagerAfterDays * DAY, run: () => nudgeManager(process, data.userId) },
    { at: begun + endAfterDays * DAY, run: () => Promise.resolve() },
  ].sort((a, b) => a.at - b.at);
  for (const [index, { at, run }] of [...nudges.entries()].slice(next)) {
    if (start.isMade || at > begun + endAfterDays * DAY) break;
    const wait = {
      what: 'the first step of the learner',
      until: () => start.isMade,
      wakeAt: at,
      dueAt: begun + endAfterDays * DAY,
      next: 'the case ends; nobody waits any more',
      place: (): Place => ({ begun, next: index }),
    };
    if (!(await process.wait(wait))) process.aside(run);
  }
  process.recorder.setWorking();
  await welcomed?.done;
  return 'done';
}

async function welcome(process: Process, hire: UserProvisioned, groups: readonly string[]): Promise<void> {
  const { role } = hire;
  const person = await process.people.person();
  process.aside(async () => {
    await linkContact(process, hire);
  });
  for (const group of groups) await joinOnceWithUs(process, { name: `join ${group}`, person, group });
  await letterToLearner(process, 'welcome', { kind: 'welcome', role });
}

/** A hire that may be older than a departure gets nothing while the offboarding asks, and goes on when it is undone. */
async function joinOnceWithUs(process: Process, membership: Membership): Promise<void> {
  const change = await joinGroup(process, membership);
  if (change !== 'not active' || !since('onboarding-waits-for-the-answer')) return;
  if ((await standingInTheEnd(process, membership.person.userId)) === 'active')
    await joinOnceWithUs(process, membership);
}

/** How long a hire waits for the answer: as long as an onboarding lasts by default. */
const LONGEST_QUESTION = 30 * DAY;

/** Asked again and again, at the latest every hour: the answer is a person's. */
async function standingInTheEnd(process: Process, userId: string): Promise<string | undefined> {
  const givenUpAt = Date.now() + LONGEST_QUESTION;
  for (let pause = MINUTE; ; pause = Math.min(2 * pause, HOUR)) {
    const standing = (await askLedger('findLearner', 'Left, or hired again?', userId))?.standing;
    if (standing !== 'rehired?' || Date.now() >= givenUpAt) return standing;
    if (pause === MINUTE)
      process.note({ what: 'waits for the offboarding: left, or hired again?', by: 'mindtickle', reason: null });
    await process.pause(pause, 'Left, or hired again: nobody has said');
  }
}

async function nudgeManager(process: Process, userId: string): Promise<void> {
  const manager = await process.people.manager();
  if (manager !== null) await letterTo(process, 'nudgeManager', manager, nudge(userId, true));
}

function nudge(userId: string, forManager: boolean): { kind: 'nudge'; userId: string; forManager: boolean } {
  return { kind: 'nudge', userId, forManager };
}
