import type { Person } from '../activities';
import { deprovisionedFact, type Fact } from '../src/domain/facts';
import { isProtectedUser } from '../src/domain/protection';
import { isoTime, MINUTE } from '../src/domain/time';
import type { Policy } from '../src/domain/policy';
import type { Delivery, Envelope, UserDeprovisioned } from '../src/events';
import { letterTo } from './effects';
import type { Outcome } from './messages';
import { openProcess, type Body, type Process, type ProcessResult } from './process';
import { ownRun, record, tell } from './recording';
import { createRehire } from './rehire';
import { archive, askLedger, identity } from './retries';
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
  const rehire = createRehire(process, async ({ hiredAt }) => {
    const { workflowId } = ownRun();
    const left = { userId, eventId: delivery.eventId, workflowId, at: hiredAt };
    await askLedger('upholdDeparture', 'Left after that hire', left);
    await tellAgain(delivery, { ...fact, at: Math.max(fact.at, hiredAt) });
  });
  return process.run(
    () => fact,
    async (given) => {
      const { joins } = given.recorded.answer;
      if (joins === undefined) {
        await untilLeaving(process, delivery, fact);
        rehire.watch(given.terms.policy, given.recorded.settledBy);
        return offboard(process, delivery, envelope.data, given, rehire.answered);
      }
      process.note({ what: 'joins the offboarding that runs', by: `event ${joins}`, reason: null });
      return 'done';
    },
    // What is given back is asked of the ledger, which must know first that the person did not leave.
    { beforeUndo: () => askLedger('reinstateLearner', 'Not a leaver', { userId, eventId: delivery.eventId }) },
  );
}

/** An announced departure means nothing to the learner's open workflows before its day: then the ledger is asked again. */
async function untilLeaving(process: Process, delivery: Delivery, fact: Fact): Promise<void> {
  const { at } = fact;
  if (at <= Date.now()) return;
  await process.wait({ what: 'the day of leaving', until: () => false, wakeAt: at, dueAt: at });
  process.recorder.setWorking();
  await tellAgain(delivery, fact);
}

async function tellAgain(delivery: Delivery, fact: Fact): Promise<void> {
  const recorded = await record(delivery, fact);
  if (recorded.outcome === 'new') await tell(recorded.settles);
}

/** `mayGoOn` comes before each step. */
async function offboard(
  process: Process,
  { eventId }: Delivery,
  data: UserDeprovisioned,
  { terms }: Body,
  mayGoOn: () => Promise<void>,
): Promise<Outcome> {
  await mayGoOn();
  await guard(process, data, eventId, terms.policy);
  const person = await process.people.person();
  const sla = process.aside(() => watchAccess(process, terms.policy));
  await endAccess(process, person, mayGoOn);
  await sla.drop();
  await mayGoOn();
  await process.steps.write({
    system: 'archive',
    name: 'archive',
    does: 'archive what is known of the person',
    call: (context, options) => archive.archivePerson.executeWithOptions(options, [context, data.userId]),
  });
  await mayGoOn();
  await report(process, data.userId, terms.policy);
  return 'done';
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
  await process.steps.attempt('checkLimit', async () => {
    if (await askLedger('admitLeaver', 'Within the limit of an hour?', eventId)) return;
    throw new NeedsDecision(
      `over the limit of ${rules.limitPerHour} leavers an hour; retryStep later, skipStep to go on now, or cancel`,
    );
  });
}

/** Freeze, then leave the groups; each with its undo registered before it runs. */
async function endAccess(process: Process, person: Person, mayGoOn: () => Promise<void>): Promise<void> {
  await mayGoOn();
  await process.writeWithUndo(
    {
      system: 'identity',
      name: 'freeze',
      does: 'freeze the sign-in and end the sessions',
      call: (context, options) => identity.freezeUser.executeWithOptions(options, [context, person]),
    },
    {
      does: 'open the sign-in again',
      call: (of) => (context, options) => identity.restore.executeWithOptions(options, [context, person, of, null]),
    },
  );
  await mayGoOn();
  await process.writeWithUndo(
    {
      system: 'identity',
      name: 'leaveGroups',
      does: 'leave all groups',
      call: (context, options) => identity.leaveGroups.executeWithOptions(options, [context, person]),
    },
    {
      does: 'join the groups again',
      call: (of) => (context, options) => identity.restore.executeWithOptions(options, [context, person, of, null]),
    },
  );
}

/** Access that has not ended within its time is escalated without anyone asking. */
async function watchAccess(process: Process, { offboarding: { accessSlaMinutes } }: Policy): Promise<void> {
  await process.pause(accessSlaMinutes * MINUTE, 'Access has to have ended');
  process.escalate({ reason: `access has not ended after ${accessSlaMinutes} minutes`, by: 'mindtickle' });
}

async function report(process: Process, userId: string, { administrators }: Policy): Promise<void> {
  const { steps } = process.recorder.snapshot();
  const lines = steps.map(
    ({ name, status, detail, at }) => `- ${name}: ${status}${detail === null ? '' : ` (${detail})`}, ${at}`,
  );
  for (const to of administrators)
    await letterTo(
      process,
      'report',
      { role: 'administrator', to },
      { kind: 'offboarded', userId, report: [...lines, '', `Written ${isoTime(Date.now())}`] },
    );
}
