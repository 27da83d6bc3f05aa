import type { Person } from '../../activities';
import { DAY, deprovisionedFact, epochMs, type Fact, isoTime, type Policy, writtenTime } from '../../src/domain';
import type { Delivery, EventDelivery, UserDeprovisioned } from '../../src/events';
import {
  archive,
  askLedger,
  createSharedAccount,
  openProcess,
  ownRun,
  recordEvent,
  sideBySide,
  signalSettled,
} from '../process';
import type { Carried, Process, ProcessResult, Start } from '../process';
import { deactivate, endAccess, leaveLateGroups, startAccessTimer, type Leaver } from './access';
import { checkGuards } from './guards';
import { createRehire, type HiresSnapshot } from './rehire';

/**
 * End a leaver's access, archive what is known, report. A step that is refused parks; `cancel` gives everything back in
 * reverse order.
 */
export async function offboarding(
  delivery: EventDelivery<UserDeprovisioned>,
  body: unknown,
  carried?: Carried<Checkpoint>,
): Promise<ProcessResult> {
  const { userId, email } = delivery.data;
  const { eventId } = delivery;
  const about = `Offboarding of ${userId}`;
  const process = openProcess({
    delivery,
    body,
    userId,
    email,
    about,
    messages: ['rehired', 'joined'],
    carried,
  });
  listenForOthers(process);
  const fact = deprovisionedFact(delivery);
  const checkpoint = carried?.checkpoint;
  const notified = new Set(checkpoint?.notified);
  const confirmDeparture = async ({ hiredAt }: { readonly hiredAt: number }): Promise<void> => {
    const left = { userId, eventId, workflowId: ownRun().workflowId, at: hiredAt };
    await askLedger('confirmDeparture', 'Left after that hire', left);
    await notifyWorkflows(delivery, { ...fact, at: Math.max(fact.at, hiredAt) }, notified);
  };
  const rehire = createRehire(process, confirmDeparture, checkpoint?.hires);
  const shared = createSharedAccount(process, checkpoint?.shared);
  const departure: Departure = {
    process,
    beforeStep: async () => {
      await shared.answered();
      await rehire.answered();
    },
    answered: rehire.answered,
    notified,
    delivery,
    data: delivery.data,
    fact,
    checkpoint: (deactivatesAt) => ({
      notified: [...notified],
      hires: rehire.snapshot(),
      shared: shared.snapshot(),
      deactivatesAt,
    }),
  };
  return process.run({
    said: fact,
    body: async (start) => {
      for (const { workflowId } of start.recorded.settles) notified.add(workflowId);
      const deactivatesAt = checkpoint?.deactivatesAt ?? null;
      const stopTimer = deactivatesAt === null ? await untilLeaving(departure, start) : undefined;
      rehire.watch(start.policy, start.recorded.settledBy);
      const person = await (stopTimer ? offboard(departure, start, stopTimer) : process.people.person());
      await deactivateLater(departure, person, start, deactivatesAt);
      return 'done';
    },
    // The undo asks the ledger, which must know first that the person did not leave.
    beforeUndo: () => askLedger('reinstateLearner', 'Not a leaver', { userId, eventId }),
  });
}

function listenForOthers(process: Process): void {
  process.onSignal(
    { name: 'joined', description: 'Another departure came: { eventId }', required: ['eventId'] },
    ({ eventId }) => {
      process.note({ what: 'another departure came', by: `event ${eventId}`, reason: null });
    },
  );
}

/** Where an offboarding is at rest: before the day of leaving, or before that of the deactivation, epoch ms. */
interface Checkpoint {
  readonly notified: readonly string[];
  readonly hires: HiresSnapshot;
  /** The learners of the same account about whom somebody decided. */
  readonly shared: readonly string[];
  readonly deactivatesAt: number | null;
}

interface Departure extends Leaver {
  /** No question about a rehire is open. */
  readonly answered: () => Promise<void>;
  readonly delivery: Delivery;
  readonly data: UserDeprovisioned;
  readonly fact: Fact;
  readonly checkpoint: (deactivatesAt: number | null) => Checkpoint;
}

/**
 * From then on the time counts within which access has to end; the answer stops it. An announced departure means nothing to
 * the learner's open workflows before its day: then the ledger is asked again.
 */
async function untilLeaving(
  { process, delivery, fact, notified, checkpoint }: Departure,
  { policy }: Start,
): Promise<() => Promise<void>> {
  const isAhead = fact.at > Date.now();
  if (isAhead) await untilDay(process, fact.at, 'the day of leaving', 'access ends', () => checkpoint(null));
  // Hours in the receiver's spool count too.
  const stopTimer = startAccessTimer(process, Math.max(fact.at, epochMs(delivery.receivedAt)), policy);
  if (isAhead) await notifyWorkflows(delivery, fact, notified);
  return stopTimer;
}

async function untilDay(
  process: Process,
  at: number,
  what: string,
  next: string,
  checkpoint: () => Checkpoint,
): Promise<void> {
  await process.wait({ what, until: () => false, wakeAt: at, dueAt: at, next, checkpoint });
  process.recorder.setWorking();
}

/** The learner's open workflows, by what the ledger knows now. */
async function notifyWorkflows(delivery: Delivery, fact: Fact, notified: Set<string>): Promise<void> {
  const recorded = await recordEvent(delivery, fact);
  if (recorded.outcome !== 'new') return;
  for (const { workflowId } of recorded.settles) notified.add(workflowId);
  await signalSettled(recorded.settles);
}

async function offboard(departure: Departure, start: Start, stopTimer: () => Promise<void>): Promise<Person> {
  const { process, answered, delivery, data } = departure;
  const { policy, isAdmitted } = start;
  await answered();
  await checkGuards(process, { data, eventId: delivery.eventId, isAdmitted }, policy);
  const person = await process.people.person();
  const hasLeftGroups = await endAccess(departure, person);
  await stopTimer();
  await answered();
  const keep = (): Promise<unknown> =>
    process.steps.write({
      system: 'archive',
      step: 'archive',
      title: 'Archive what is known of the person',
      call: (context, options) => archive.archivePerson.executeWithOptions(options, [context, data.userId]),
    });
  // An archive that refuses keeps no door open.
  await sideBySide(keep, ...(hasLeftGroups ? [() => leaveLateGroups(departure, person)] : []));
  return person;
}

/**
 * The administrators are notified at once that access has ended, and in the end what came of it all. `deactivatesAt`: of a run
 * that goes on from another one, which has reported.
 */
async function deactivateLater(
  departure: Departure,
  person: Person,
  { policy }: Start,
  deactivatesAt: number | null,
): Promise<void> {
  const { process, answered, data, checkpoint } = departure;
  const { deactivateAfterDays: days } = policy.offboarding;
  const isLater = process.steps.isOn('identity') && days > 0;
  if (isLater) {
    const announce = async (): Promise<number> => {
      await answered();
      const due = Date.now() + days * DAY;
      const written = writtenTime(isoTime(due), policy.calendar.timeZone);
      const ahead = [`Deactivation in the identity provider: due ${written}. Until then cancel gives everything back.`];
      await report(process, 'report', data.userId, policy, ahead);
      return due;
    };
    const at = deactivatesAt ?? (await announce());
    const next = 'the user is deactivated, which cannot be undone';
    await untilDay(process, at, 'the day of the deactivation', next, () => checkpoint(at));
  }
  await deactivate(departure, person);
  await answered();
  await report(process, isLater ? 'finalReport' : 'report', data.userId, policy, []);
}

/** The system of each step that has one, for the report. */
const SYSTEMS: Readonly<Record<string, string>> = {
  freeze: 'Identity provider',
  leaveGroups: 'Identity provider',
  leaveLateGroups: 'Identity provider',
  deactivate: 'Identity provider',
  freezeCrm: 'CRM',
  deactivateSlack: 'Slack',
  archive: 'Archive',
  report: 'Mail',
};

/** Each step's system, outcome and time, and what is still ahead. */
async function report(
  process: Process,
  key: string,
  userId: string,
  { calendar: { timeZone } }: Policy,
  ahead: readonly string[],
): Promise<void> {
  const { steps } = process.recorder.snapshot();
  const lines = steps.map(({ step, title, status, detail, at }) => {
    const system = SYSTEMS[step.replace(/\d+$/, '')];
    const what = system === undefined ? title : `${system}: ${title}`;
    return `- ${what}: ${status}${detail === null ? '' : ` (${detail})`}, ${writtenTime(at, timeZone)}`;
  });
  const notification = {
    kind: 'offboarded',
    userId,
    report: [...lines, ...ahead, '', `Written ${writtenTime(isoTime(Date.now()), timeZone)}`],
  } as const;
  const recipients = await process.people.administrators();
  await sideBySide(...recipients.map((recipient) => () => process.notify(key, recipient, notification)));
}
