import { condition } from '@temporalio/workflow';
import { DAY, programGroups, provisionedFact } from '../src/domain';
import type { EventDelivery, UserProvisioned } from '../src/events';
import type { Outcome } from './messages';
import { askLedger, begunAt, joinGroup, leaveGroup, linkContact, openProcess, ownRun } from './process';
import type { Carried, Process, ProcessResult, Start } from './process';

/**
 * Put a new hire into the programs of role and team, and nudge until the first step. A learner is onboarded once: a later hire
 * joins the onboarding that runs, which then has another role or team to fit; of one who was onboarded before, only the groups
 * are made to fit.
 */
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
    messages: ['started', 'joined'],
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
  const move = listenForMoves(process);
  return process.run({
    said: provisionedFact(delivery),
    body: async (start) => {
      isStarted ||= start.recorded.settledBy?.signal === 'started';
      const programs = createPrograms(process, delivery.data, start, carried?.checkpoint);
      if (start.recorded.answer.isOnboarded === true) {
        process.note({ what: 'onboarded before', by: 'mindtickle', reason: null });
        await programs.fit();
        return 'done';
      }
      return untilStarted(process, delivery.data, start, {
        begun: begunAt(delivery),
        isStarted: () => isStarted,
        checkpoint: carried?.checkpoint,
        programs,
        move,
      });
    },
    beforeUndo: () => askLedger('endCase', 'No other hire joins', ownRun().workflowId),
  });
}

/** Where an onboarding is at rest: since when it runs, epoch ms, which of its moments is next, and its programs' groups. */
interface Checkpoint {
  readonly begun: number;
  readonly next: number;
  readonly groups: readonly string[];
}

interface Progress {
  /** From when its days count, epoch ms. */
  readonly begun: number;
  readonly isStarted: () => boolean;
  readonly checkpoint: Checkpoint | undefined;
  readonly programs: Programs;
  readonly move: Moves;
}

interface Moves {
  /** From now on each hire that joins has `fit` run, one at a time, after `first`. */
  readonly begin: (first: Promise<void> | undefined, fit: () => Promise<void>) => void;
  /** None is due or under way. */
  readonly isIdle: () => boolean;
}

/** Signal `joined`: the learner was provisioned again, by another event. Of several that come at once the last decides. */
function listenForMoves(process: Process): Moves {
  let isDue = false;
  let isRunning = false;
  let run: (() => Promise<void>) | undefined;

  function start(): void {
    if (run === undefined || isRunning || !isDue || process.recorder.phase() === 'undoing') return;
    const fit = run;
    isRunning = true;
    process.inBackground(async () => {
      try {
        while (isDue) {
          isDue = false;
          await fit();
        }
      } finally {
        isRunning = false;
      }
    });
  }

  process.onSignal(
    { name: 'joined', description: 'The learner was provisioned again: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'provisioned again', by: `event ${eventId}`, reason: null });
      isDue = true;
      start();
    },
  );
  return {
    begin: (first, fit) => {
      run = async () => {
        await first;
        await fit();
      };
      start();
    },
    isIdle: () => !isDue && !isRunning,
  };
}

async function untilStarted(
  process: Process,
  hire: UserProvisioned,
  { policy }: Start,
  { begun: received, isStarted, checkpoint, programs, move }: Progress,
): Promise<Outcome> {
  const { nudgeLearnerAfterDays, nudgeManagerAfterDays, endAfterDays } = policy.onboarding;
  const { begun, next } = checkpoint ?? { begun: received, next: 0 };
  const endsAt = begun + endAfterDays * DAY;
  const welcomed = checkpoint === undefined ? process.inBackground(() => welcome(process, hire, programs)) : undefined;
  move.begin(welcomed?.done, programs.fit);
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
      checkpoint: (): Checkpoint => ({ begun, next: index, groups: programs.groups() }),
    });
    if (!isWoken) process.inBackground(run);
  }
  process.recorder.setWorking();
  await welcomed?.done;
  await condition(move.isIdle);
  return 'done';
}

/** The groups of a learner's programs. */
interface Programs {
  readonly groups: () => readonly string[];
  /**
   * Make the groups fit the role and the team that the ledger knows now: a hire that comes late may be an older one. Only what
   * an onboarding has joined is left. Whoever has moved is notified, once.
   */
  readonly fit: () => Promise<void>;
}

function createPrograms(
  process: Process,
  { userId, role, teamId }: UserProvisioned,
  { policy: { onboarding }, recorded }: Start,
  checkpoint: Checkpoint | undefined,
): Programs {
  const first = recorded.answer.isOnboarded === true ? [] : programGroups(onboarding.programs, role, teamId);
  let groups = checkpoint?.groups ?? first;

  async function fit(): Promise<void> {
    const known = await askLedger('findLearner', 'Which role, which team?', userId);
    const now = { role: known?.role ?? role, teamId: known?.teamId ?? teamId };
    const wanted = programGroups(onboarding.programs, now.role, now.teamId);
    const ours = await askLedger('findProgramGroups', 'Which groups are of its programs?', userId);
    const left = ours.filter((group) => !wanted.includes(group));
    const joined = wanted.filter((group) => !groups.includes(group) && !ours.includes(group));
    groups = wanted;
    if (left.length + joined.length === 0) return;
    const person = await process.people.person();
    for (const group of joined) await joinGroup(process, { step: 'joinProgram', person, group });
    for (const group of left) await leaveGroup(process, { step: 'leaveProgram', person, group });
    await process.notifyLearner('notifyOfMove', { kind: 'moved', role: now.role });
  }

  return { groups: () => groups, fit };
}

async function welcome(process: Process, hire: UserProvisioned, programs: Programs): Promise<void> {
  const { role } = hire;
  const person = await process.people.person();
  process.inBackground(async () => {
    await linkContact(process, hire);
  });
  for (const group of programs.groups()) await joinGroup(process, { step: 'joinProgram', person, group });
  await process.notifyLearner('welcome', { kind: 'welcome', role });
}

function nudgeLearner(process: Process, { userId }: UserProvisioned): Promise<void> {
  return process.notifyLearner('nudgeLearner', { kind: 'nudge', userId, forManager: false });
}

function nudgeManager(process: Process, { userId }: UserProvisioned): Promise<void> {
  return process.notifyManager('nudgeManager', { kind: 'nudge', userId, forManager: true });
}
