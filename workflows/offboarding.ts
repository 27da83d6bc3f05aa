import { patched } from '@temporalio/workflow';
import type { Person } from '../activities';
import { deprovisionedFact, type Fact } from '../src/domain/facts';
import { isProtectedUser } from '../src/domain/protection';
import { DAY, isoTime } from '../src/domain/time';
import type { Policy, Terms } from '../src/domain/policy';
import type { Delivery, Envelope, UserDeprovisioned } from '../src/events';
import { deactivate, endAccess, lookOnceMore, type Leaving } from './access';
import { letterTo } from './effects';
import type { Outcome } from './messages';
import { openProcess, type Body, type Process, type ProcessResult } from './process';
import { ownRun, record, tell } from './recording';
import { createRehire } from './rehire';
import { archive, askLedger } from './retries';
import { NeedsDecision } from './steps';

/**
 * End a leaver's access, archive what is known, report. A step that is refused parks; `cancel` gives everything back in
 * reverse order.
 */
export async function offboarding(delivery: Delivery, envelope: Envelope<UserDeprovisioned>): Promise<ProcessResult> {
  const { userId, email } = envelope.data;
  const about = `Offboarding of ${userId}`;
  const process = openProcess({ delivery, body: envelope, userId, email, about, messages: ['rehired'] });
  const fact = deprovisionedFact(envelope);
  const told = new Set<string>();
  const rehire = createRehire(process, async ({ hiredAt }) => {
    const { workflowId } = ownRun();
    const left = { userId, eventId: delivery.eventId, workflowId, at: hiredAt };
    await askLedger('upholdDeparture', 'Left after that hire', left);
    await tellAgain(delivery, { ...fact, at: Math.max(fact.at, hiredAt) }, told);
  });
  return process.run(
    () => fact,
    async (given) => {
      const { joins } = given.recorded.answer;
      if (joins === undefined) {
        for (const { workflowId } of given.recorded.settles) told.add(workflowId);
        await untilLeaving(process, delivery, fact, told);
        rehire.watch(given.terms.policy, given.recorded.settledBy);
        return offboard({ process, mayGoOn: rehire.answered, told }, delivery, envelope.data, given);
      }
      process.note({ what: 'joins the offboarding that runs', by: `event ${joins}`, reason: null });
      return 'done';
    },
    // What is given back is asked of the ledger, which must know first that the person did not leave.
    { beforeUndo: () => askLedger('reinstateLearner', 'Not a leaver', { userId, eventId: delivery.eventId }) },
  );
}

/** An announced departure means nothing to the learner's open workflows before its day: then the ledger is asked again. */
async function untilLeaving(process: Process, delivery: Delivery, fact: Fact, told: Set<string>): Promise<void> {
  const { at } = fact;
  if (at <= Date.now()) return;
  await process.wait({
    what: 'the day of leaving',
    until: () => false,
    wakeAt: at,
    dueAt: at,
    next: 'access ends',
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
): Promise<Outcome> {
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
  if (hasLeftGroups && patched('offboarding-looks-once-more')) await lookOnceMore(leaving, person);
  await deactivateLater(leaving, person, data.userId, terms);
  return 'done';
}

/** Of a workflow that took its terms before there was such a policy. */
const DEFAULT_DAYS = 7;

/** The administrators hear at once that access has ended, and in the end what came of it all. */
async function deactivateLater(
  leaving: Leaving,
  person: Person,
  userId: string,
  { policy, modes }: Terms,
): Promise<void> {
  const { process, mayGoOn } = leaving;
  const { deactivateAfterDays: days = DEFAULT_DAYS } = policy.offboarding;
  const isDeactivated = modes.identity === 'off' || patched('offboarding-deactivates');
  const isLater = isDeactivated && modes.identity !== 'off' && days > 0;
  if (isLater) {
    await mayGoOn();
    const at = Date.now() + days * DAY;
    await report(process, 'report', userId, policy, [`Deactivation in the identity provider: due ${isoTime(at)}`]);
    await process.wait({
      what: 'the day of the deactivation',
      until: () => false,
      wakeAt: at,
      dueAt: at,
      next: 'the user is deactivated, which cannot be undone',
    });
    process.recorder.setWorking();
  }
  if (isDeactivated) await deactivate(leaving, person);
  await mayGoOn();
  await report(process, isLater ? 'finalReport' : 'report', userId, policy, []);
}

/** Before the first step that ends access: each guard is a parked step; `skipStep` goes on all the same. */
async function guard(
  process: Process,
  { userId, email, reason }: UserDeprovisioned,
  eventId: string,
  policy: Policy,
): Promise<void> {
  const { offboarding: rules, protected: isProtected } = policy;
  await process.steps.attempt('checkReason', () => {
    if (rules.leaverReasons === undefined || rules.leaverReasons.includes(reason)) return Promise.resolve();
    return Promise.reject(
      new NeedsDecision('the reason given is not one of a leaver; skipStep to offboard all the same, or cancel'),
    );
  });
  await process.steps.attempt('checkProtected', () => {
    if (!isProtectedUser([userId, email], isProtected)) return Promise.resolve();
    return Promise.reject(new NeedsDecision('this user is protected by the policy and will not be changed; cancel'));
  });
  let isAsked = false;
  await process.steps.attempt('checkLimit', async () => {
    if (await askLedger('admitLeaver', 'Within the limit of an hour?', eventId)) return;
    // A person who has it tried again has looked at it: nobody should have to wait for the hour to pass.
    if (isAsked && patched('retry-admits-a-leaver')) return;
    isAsked = true;
    throw new NeedsDecision(
      `over the limit of ${rules.limitPerHour} leavers an hour; retryStep lets this one go on, cancel stops it`,
      'over the limit of leavers an hour',
    );
  });
}

/** The system of each step that has one, for the report. */
const SYSTEMS: Readonly<Record<string, string>> = {
  freeze: 'identity provider',
  leaveGroups: 'identity provider',
  leaveLateGroups: 'identity provider',
  deactivate: 'identity provider',
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
