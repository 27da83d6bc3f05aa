/** How an offboarding ends a leaver's access, and gives it back when it is cancelled. */
import { sleep } from '@temporalio/workflow';
import type { Person } from '../../activities';
import { MINUTE, type Policy, SECOND } from '../../src/domain';
import { askLedger, identity, NeedsDecision, salesforce, sideBySide, slack } from '../process';
import type { BackgroundTask, Process } from '../process';

/** What every step of an offboarding needs. */
export interface Leaver {
  readonly process: Process;
  /** Comes before each step that ends access: settles when no question is open, about a rehire or about another's account. */
  readonly beforeStep: () => Promise<void>;
  /** The workflows that were notified that the learner has left. */
  readonly notified: Set<string>;
}

/**
 * Access has to end in time from `since` (epoch ms), however long the questions before it are open: what is late is escalated
 * without anyone asking. The answer stops it.
 */
export function startAccessTimer(
  process: Process,
  since: number,
  { offboarding: { accessSlaMinutes: minutes } }: Policy,
): () => Promise<void> {
  const dueAt = since + minutes * MINUTE;
  process.recorder.setDeadline(dueAt, 'it is escalated that access has not ended');
  const timer: BackgroundTask = process.inBackground(async () => {
    const leftMs = dueAt - Date.now();
    if (leftMs > 0) await sleep(leftMs, { summary: 'Access has to have ended' });
    process.escalate({ reason: `access has not ended after ${minutes} minutes`, by: 'mindtickle' });
  });
  return async () => {
    await timer.stop();
    process.recorder.setWorking();
  };
}

/**
 * In the identity provider, the CRM and Slack side by side: one that is stuck holds up no other. A leaver whom no system knows
 * parks. False: the groups were not left, by a person's decision or because we only observe.
 */
export async function endAccess(leaver: Leaver, person: Person): Promise<boolean> {
  const first = await endEverywhere(leaver, person);
  const { left } = first.isKnownNowhere ? await untilFound(leaver, first) : first;
  return left !== undefined && left !== 'observed';
}

interface Ended {
  /** What came of leaving the groups. */
  readonly left: unknown;
  /** Every system that could look said that it does not know the person. */
  readonly isKnownNowhere: boolean;
}

/** Each step registers its undo before it runs. */
async function endEverywhere(leaver: Leaver, person: Person): Promise<Ended> {
  const { process, beforeStep } = leaver;
  const [[frozen, left], crm, chat] = await sideBySide(
    () => endSignIn(leaver, person),
    () => beforeStep().then(() => freezeInCrm(process, person)),
    () => beforeStep().then(() => deactivateSlack(process, person)),
  );
  const answers = { identity: [frozen, left], salesforce: [crm], slack: [chat] } as const;
  const given = (['identity', 'salesforce', 'slack'] as const)
    .filter((system) => process.steps.isOn(system))
    .flatMap<unknown>((system) => answers[system]);
  // A step that a person skipped has no answer: somebody has looked at it.
  const isKnownNowhere = given.includes('absent') && given.every((answer) => DOES_NOT_KNOW.includes(answer));
  return { left, isKnownNowhere };
}

/** Groups may open other doors than the sign-in: they are left once nothing joins any more. */
async function endSignIn(leaver: Leaver, person: Person): Promise<readonly [frozen: unknown, left: unknown]> {
  const { process, beforeStep } = leaver;
  await beforeStep();
  const frozen = await freeze(process, person);
  await untilNotifiedHaveEnded(leaver);
  await beforeStep();
  return [frozen, await leaveGroups(process, person, 'leaveGroups', 'Leave all groups')];
}

const DOES_NOT_KNOW: readonly unknown[] = ['absent', 'not configured', 'not supported'];

/** Nobody's access has ended: the account may have another id or address. Each retry looks in every system again. */
async function untilFound(leaver: Leaver, first: Ended): Promise<Ended> {
  const { steps, people } = leaver.process;
  let ended: Ended | undefined;
  await steps.attempt({ step: 'findAccounts', title: 'Find an account of the leaver' }, async () => {
    ended = ended === undefined ? first : await endEverywhere(leaver, await people.person());
    if (ended.isKnownNowhere)
      throw new NeedsDecision('nobody of this id or address was found; retryStep, identify or skipStep', 'notFound');
  });
  return ended ?? first;
}

async function freeze(process: Process, person: Person): Promise<unknown> {
  return process.steps.write({
    system: 'identity',
    step: 'freeze',
    endsAccess: true,
    title: 'Freeze the sign-in and end the sessions',
    call: (context, options) =>
      identity.freezeUser.executeWithOptions(options, [context, process.people.current(person)]),
    undo: { title: 'Open the sign-in again', person, unlessOpen: null },
  });
}

async function freezeInCrm(process: Process, person: Person): Promise<unknown> {
  return process.steps.write({
    system: 'salesforce',
    step: 'freezeCrm',
    endsAccess: true,
    title: 'Freeze the CRM user',
    call: (context, options) =>
      salesforce.freezeCrmUser.executeWithOptions(options, [context, process.people.current(person)]),
    undo: { title: 'Open the CRM user again', person, unlessOpen: null },
  });
}

async function deactivateSlack(process: Process, person: Person): Promise<unknown> {
  return process.steps.write({
    system: 'slack',
    step: 'deactivateSlack',
    endsAccess: true,
    title: 'Deactivate the Slack account',
    call: (context, options) =>
      slack.deactivateSlackUser.executeWithOptions(options, [context, process.people.current(person)]),
    undo: { title: 'Activate the Slack account again', person, unlessOpen: null },
  });
}

async function leaveGroups(process: Process, person: Person, step: string, title: string): Promise<unknown> {
  return process.steps.write({
    system: 'identity',
    step,
    title,
    endsAccess: true,
    call: (context, options) =>
      identity.leaveGroups.executeWithOptions(options, [context, process.people.current(person)]),
    undo: { title: 'Join the groups again', person, unlessOpen: null },
  });
}

/** How long workflows that were notified to end are waited for: one that is parked may take days. */
const MAX_WAIT = MINUTE;
const PAUSE = 5 * SECOND;

/** A workflow that was notified may just be joining a group: it should be over when the groups are left. */
async function untilNotifiedHaveEnded({ notified }: Leaver): Promise<void> {
  if (notified.size === 0) return;
  for (let waited = 0; waited < MAX_WAIT; waited += PAUSE) {
    if ((await askLedger('countOpenWorkflows', 'Have the open workflows ended?', [...notified])) === 0) return;
    await sleep(PAUSE, { summary: 'The open workflows of the leaver end' });
  }
}

/** After the days in which all of it can be taken back. SCIM knows no more than the freeze did. */
export async function deactivate({ process, beforeStep }: Leaver, person: Person): Promise<void> {
  await beforeStep();
  await process.steps.write({
    system: 'identity',
    step: 'deactivate',
    endsAccess: true,
    title: 'Deactivate the user permanently',
    call: (context, options) =>
      identity.deactivateUser.executeWithOptions(options, [context, process.people.current(person)]),
    cannotBeUndone: true,
  });
}

/** Once more at the end: what was joined too late to be seen the first time must not stay. */
export async function leaveLateGroups({ process, beforeStep }: Leaver, person: Person): Promise<void> {
  await beforeStep();
  await leaveGroups(process, person, 'leaveLateGroups', 'Leave the groups that were joined meanwhile');
}
