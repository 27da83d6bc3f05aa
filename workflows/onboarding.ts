import { sleep } from '@temporalio/workflow';
import { DAY, HOUR, MINUTE, programGroups, provisionedFact } from '../src/domain';
import type { EventDelivery, UserProvisioned } from '../src/events';
import type { Outcome } from './messages';
import { askLedger, joinGroup, linkContact, openProcess } from './process';
import type { Carried, Membership, Process, ProcessResult, Start } from './process';

/** Put a new hire into the programs of role and team, and nudge until the first step. */
export async function onboarding(
  delivery: EventDelivery<UserProvisioned>,
  body: unknown,
  carried?: Carried<Checkpoint>,
): Promise<ProcessResult> {
  const { userId, email } = delivery.data;
  const process = openProcess({
    delivery,
    body,
    userId,
    email,
    about: `Onboarding of ${userId}`,
    messages: ['started'],
    carried,
  });
  let isStarted = false;
  process.onSignal(
    { name: 'started', description: 'The learner took a first step: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'started', by: `event ${eventId}`, reason: null });
      isStarted = true;
    },
  );
  return process.run({
    fact: () => provisionedFact(delivery),
    body: (start) => {
      isStarted ||= start.recorded.settledBy?.signal === 'started';
      return untilStarted(process, delivery.data, start, {
        isStarted: () => isStarted,
        checkpoint: carried?.checkpoint,
      });
    },
  });
}

/** Where an onboarding is at rest: since when it runs, epoch ms, and which of its moments is next. */
interface Checkpoint {
  readonly begun: number;
  readonly next: number;
}

interface Progress {
  readonly isStarted: () => boolean;
  readonly checkpoint: Checkpoint | undefined;
}

async function untilStarted(
  process: Process,
  hire: UserProvisioned,
  { policy }: Start,
  { isStarted, checkpoint }: Progress,
): Promise<Outcome> {
  const { nudgeLearnerAfterDays, nudgeManagerAfterDays, endAfterDays, programs } = policy.onboarding;
  const { begun, next } = checkpoint ?? { begun: Date.now(), next: 0 };
  const endsAt = begun + endAfterDays * DAY;
  const groups = programGroups(programs, hire.role, hire.teamId);
  const welcomed = checkpoint === undefined ? process.inBackground(() => welcome(process, hire, groups)) : undefined;
  const moments = [
    { at: begun + nudgeLearnerAfterDays * DAY, run: () => nudgeLearner(process, hire) },
    { at: begun + nudgeManagerAfterDays * DAY, run: () => nudgeManager(process, hire) },
    { at: endsAt, run: () => Promise.resolve() },
  ].sort((a, b) => a.at - b.at);
  for (const [index, { at, run }] of [...moments.entries()].slice(next)) {
    if (isStarted() || at > endsAt) break;
    const isWoken = await process.wait({
      what: 'the first step of the learner',
      until: isStarted,
      wakeAt: at,
      dueAt: endsAt,
      next: 'the case ends; nobody waits any more',
      checkpoint: (): Checkpoint => ({ begun, next: index }),
    });
    if (!isWoken) process.inBackground(run);
  }
  process.recorder.setWorking();
  await welcomed?.done;
  return 'done';
}

async function welcome(process: Process, hire: UserProvisioned, groups: readonly string[]): Promise<void> {
  const { role } = hire;
  const person = await process.people.person();
  process.inBackground(async () => {
    await linkContact(process, hire);
  });
  for (const group of groups) await joinUnlessLeft(process, { step: 'joinProgram', person, group });
  await process.notifyLearner('welcome', { kind: 'welcome', role });
}

/** A hire that may be older than a departure gets nothing while the offboarding asks, and goes on when it is undone. */
async function joinUnlessLeft(process: Process, membership: Membership): Promise<void> {
  const change = await joinGroup(process, membership);
  if (change !== 'not active') return;
  if ((await finalStanding(process, membership.person.userId)) === 'active') await joinUnlessLeft(process, membership);
}

/** How long a hire waits for the answer: as long as an onboarding lasts by default. */
const MAX_WAIT_FOR_ANSWER = 30 * DAY;

/** Asked again and again, at the latest every hour: the answer is a person's. */
async function finalStanding(process: Process, userId: string): Promise<string | undefined> {
  const givenUpAt = Date.now() + MAX_WAIT_FOR_ANSWER;
  for (let pause = MINUTE; ; pause = Math.min(2 * pause, HOUR)) {
    const standing = (await askLedger('findLearner', 'Left, or hired again?', userId))?.standing;
    if (standing !== 'rehireUnconfirmed' || Date.now() >= givenUpAt) return standing;
    if (pause === MINUTE)
      process.note({ what: 'waits for the offboarding: left, or hired again?', by: 'mindtickle', reason: null });
    await sleep(pause, { summary: 'Left, or hired again: nobody has said' });
  }
}

function nudgeLearner(process: Process, { userId }: UserProvisioned): Promise<void> {
  return process.notifyLearner('nudgeLearner', { kind: 'nudge', userId, forManager: false });
}

function nudgeManager(process: Process, { userId }: UserProvisioned): Promise<void> {
  return process.notifyManager('nudgeManager', { kind: 'nudge', userId, forManager: true });
}
