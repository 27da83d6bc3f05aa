import type { Person } from '../../activities';
import { DAY, deprovisionedFact, isoTime, type Fact, type Policy, type PolicySnapshot } from '../../src/domain';
import type { Delivery, Envelope, UserDeprovisioned } from '../../src/events';
import { deactivate, endAccess, lookOnceMore, type Leaving } from './access';
import { letterTo } from '../process/common-steps';
import { guard } from './guards';
import { openProcess, type Body, type Carried, type Process, type ProcessResult } from '../process/process';
import { ownRun, record, tell } from '../process/event-intake';
import { createRehire, type KeptHires } from './rehire';
import { archive, askLedger } from '../process/activity-proxies';
import { since } from '../releases';

/**
 * End a leaver's access, archive what is known, report. A step that is refused parks; `cancel` gives everything back in
 * reverse order.
 */
export async function offboarding(
  delivery: Delivery,
  envelope: Envelope<UserDeprovisioned>,
  carried?: Carried<Place>,
): Promise<ProcessResult> {
  const { userId, email } = envelope.data;
  const about = `Offboarding of ${userId}`;
  const process = openProcess({ delivery, body: envelope, userId, email, about, messages: ['rehired'], carried });
  const fact = deprovisionedFact(envelope);
  const place = carried?.place;
  const told = new Set(place?.told);
  const uphold = async ({ hiredAt }: { readonly hiredAt: number }): Promise<void> => {
    const { workflowId } = ownRun();
    const left = { userId, eventId: delivery.eventId, workflowId, at: hiredAt };
    await askLedger('upholdDeparture', 'Left after that hire', left);
    await tellAgain(delivery, { ...fact, at: Math.max(fact.at, hiredAt) }, told);
  };
  const rehire = createRehire(process, uphold, place?.hires);
  const leaving: Leaving = { process, mayGoOn: rehire.answered, told };
  const rest = (deactivatesAt: number | null): Place => ({ told: [...told], hires: rehire.kept(), deactivatesAt });
  return process.run(
    () => fact,
    async (given) => {
      const { joins } = given.recorded.answer;
      if (joins !== undefined) {
        process.note({ what: 'joins the offboarding that runs', by: `event ${joins}`, reason: null });
        return 'done';
      }
      for (const { workflowId } of given.recorded.settles) told.add(workflowId);
      const deactivatesAt = place?.deactivatesAt ?? null;
      if (deactivatesAt === null) await untilLeaving(leaving, delivery, fact, told, () => rest(null));
      rehire.watch(given.terms.policy, given.recorded.settledBy);
      const person = await (deactivatesAt === null
        ? offboard(leaving, delivery, envelope.data, given)
        : process.people.person());
      await deactivateLater(leaving, person, given.terms, { userId, deactivatesAt, rest });
      return 'done';
    },
    // What is given back is asked of the ledger, which must know first that the person did not leave.
    { beforeUndo: () => askLedger('reinstateLearner', 'Not a leaver', { userId, eventId: delivery.eventId }) },
  );
}

/** Where an offboarding is at rest: before the day of leaving, or before that of the deactivation, epoch ms. */
interface Place {
  readonly told: readonly string[];
  readonly hires: KeptHires;
  readonly deactivatesAt: number | null;
}

/** An announced departure means nothing to the learner's open workflows before its day: then the ledger is asked again. */
async function untilLeaving(
  { process }: Leaving,
  delivery: Delivery,
  fact: Fact,
  told: Set<string>,
  place: () => Place,
): Promise<void> {
  const { at } = fact;
  if (at <= Date.now()) return;
  await process.wait({
    what: 'the day of leaving',
    until: () => false,
    wakeAt: at,
    dueAt: at,
    next: 'access ends',
    place,
  });
  process.recorder.setWorking();
  await tellAgain(delivery, fact, told);
}

async function tellAgain(delivery: Delivery, fact: Fact, told: Set<string>): Promise<void> {
  const recorded = await record(delivery, fact);
  if (recorded.outcome !== 'new') return;
  for (const { workflowId } of recorded.settles) told.add(workflowId);
  await tell(recorded.settles);
}

async function offboard(
  leaving: Leaving,
  { eventId }: Delivery,
  data: UserDeprovisioned,
  { terms }: Body,
): Promise<Person> {
  const { process, mayGoOn } = leaving;
  await mayGoOn();
  await guard(process, data, eventId, terms.policy);
  const person = await process.people.person();
  const hasLeftGroups = await endAccess(leaving, person, terms.policy);
  await mayGoOn();
  await process.steps.write({
    system: 'archive',
    name: 'archive',
    does: 'archive what is known of the person',
    call: (context, options) => archive.archivePerson.executeWithOptions(options, [context, data.userId]),
  });
  if (hasLeftGroups && since('offboarding-looks-once-more')) await lookOnceMore(leaving, person);
  return person;
}

/** Of a workflow that took its terms before there was such a policy. */
const DEFAULT_DAYS = 7;

interface Later {
  readonly userId: string;
  /** Of a run that goes on from another one, which has reported. */
  readonly deactivatesAt: number | null;
  readonly rest: (deactivatesAt: number) => Place;
}

/** The administrators hear at once that access has ended, and in the end what came of it all. */
async function deactivateLater(
  leaving: Leaving,
  person: Person,
  { policy, modes }: PolicySnapshot,
  { userId, deactivatesAt, rest }: Later,
): Promise<void> {
  const { process, mayGoOn } = leaving;
  const { deactivateAfterDays: days = DEFAULT_DAYS } = policy.offboarding;
  const isDeactivated = modes.identity === 'off' || since('offboarding-deactivates');
  const isLater = isDeactivated && modes.identity !== 'off' && days > 0;
  if (isLater) {
    const announce = async (): Promise<number> => {
      await mayGoOn();
      const due = Date.now() + days * DAY;
      await report(process, 'report', userId, policy, [`Deactivation in the identity provider: due ${isoTime(due)}`]);
      return due;
    };
    const at = deactivatesAt ?? (await announce());
    await process.wait({
      what: 'the day of the deactivation',
      until: () => false,
      wakeAt: at,
      dueAt: at,
      next: 'the user is deactivated, which cannot be undone',
      place: () => rest(at),
    });
    process.recorder.setWorking();
  }
  if (isDeactivated) await deactivate(leaving, person);
  await mayGoOn();
  await report(process, isLater ? 'finalReport' : 'report', userId, policy, []);
}

/** The system of each step that has one, for the report. */
const SYSTEMS: Readonly<Record<string, string>> = {
  freeze: 'identity provider',
  leaveGroups: 'identity provider',
  leaveLateGroups: 'identity provider',
  deactivate: 'identity provider',
  freezeCrm: 'CRM',
  deactivateChat: 'chat',
  archive: 'archive',
  report: 'mail',
};

/** Each step's system, outcome and time, and what is still ahead. */
async function report(
  process: Process,
  name: string,
  userId: string,
  { administrators }: Policy,
  ahead: readonly string[],
): Promise<void> {
  const { steps } = process.recorder.snapshot();
  const lines = steps.map(({ name: step, status, detail, at }) => {
    const system = SYSTEMS[step.replace(/ \(\d+\)$/, '')];
    const what = system === undefined ? step : `${system}, ${step}`;
    return `- ${what}: ${status}${detail === null ? '' : ` (${detail})`}, ${at}`;
  });
  for (const to of administrators)
    await letterTo(
      process,
      name,
      { role: 'administrator', to },
      { kind: 'offboarded', userId, report: [...lines, ...ahead, '', `Written ${isoTime(Date.now())}`] },
    );
}
