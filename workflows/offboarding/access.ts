/** How an offboarding ends a leaver's access, and gives it back when it is cancelled. */
import type { Person } from '../../activities';
import { MINUTE, SECOND, type Policy } from '../../src/domain';
import type { Process } from '../process/process';
import { askLedger, identity, salesforce, slack } from '../process/activity-proxies';
import { since } from '../releases';

/** What every step of an offboarding needs. */
export interface Leaving {
  readonly process: Process;
  /** Comes before each step. */
  readonly mayGoOn: () => Promise<void>;
  /** The workflows that were told that the learner has left. */
  readonly told: ReadonlySet<string>;
}

/**
 * Freeze, leave the groups, then CRM and chat side by side; each with its undo registered before it runs. What is not done within its time is
 * escalated without anyone asking. False: the groups were not left, by a person's decision or because we only observe.
 */
export async function endAccess(leaving: Leaving, person: Person, { offboarding }: Policy): Promise<boolean> {
  const { process, mayGoOn } = leaving;
  const sla = process.aside(() => watch(process, offboarding.accessSlaMinutes));
  await mayGoOn();
  await freeze(process, person);
  await untilToldHaveEnded(leaving);
  await mayGoOn();
  const left = await leaveGroups(process, person, 'leaveGroups', 'leave all groups');
  await mayGoOn();
  await Promise.all([freezeInCrm(process, person), deactivateChat(process, person)]);
  await sla.drop();
  return left !== undefined && left !== 'observed';
}

async function watch(process: Process, minutes: number): Promise<void> {
  await process.pause(minutes * MINUTE, 'Access has to have ended');
  process.escalate({ reason: `access has not ended after ${minutes} minutes`, by: 'mindtickle' });
}

async function freeze(process: Process, person: Person): Promise<void> {
  await process.writeWithUndo(
    {
      system: 'identity',
      name: 'freeze',
      does: 'freeze the sign-in and end the sessions',
      call: (context, options) => identity.freezeUser.executeWithOptions(options, [context, person]),
    },
    { does: 'open the sign-in again', person, unlessOpen: null },
  );
}

async function freezeInCrm(process: Process, person: Person): Promise<void> {
  await process.writeWithUndo(
    {
      system: 'salesforce',
      since: 'salesforce',
      name: 'freezeCrm',
      does: 'freeze the CRM user',
      call: (context, options) => salesforce.freezeCrmUser.executeWithOptions(options, [context, person]),
    },
    { system: 'salesforce', does: 'open the CRM user again', person, unlessOpen: null },
  );
}

async function deactivateChat(process: Process, person: Person): Promise<void> {
  await process.writeWithUndo(
    {
      system: 'slack',
      since: 'slack',
      name: 'deactivateChat',
      does: 'deactivate the chat account',
      call: (context, options) => slack.deactivateChatUser.executeWithOptions(options, [context, person]),
    },
    { system: 'slack', does: 'activate the chat account again', person, unlessOpen: null },
  );
}

async function leaveGroups(process: Process, person: Person, name: string, does: string): Promise<unknown> {
  return process.writeWithUndo(
    {
      system: 'identity',
      name,
      does,
      call: (context, options) => identity.leaveGroups.executeWithOptions(options, [context, person]),
    },
    { does: 'join the groups again', person, unlessOpen: null },
  );
}

/** How long workflows that were told to end are waited for: one that is parked may take days. */
const PATIENCE = MINUTE;
const PAUSE = 5 * SECOND;

/** A workflow that was told may just be joining a group: it had better be over when the groups are left. */
async function untilToldHaveEnded({ process, told }: Leaving): Promise<void> {
  if (told.size === 0 || !since('offboarding-waits-for-the-told')) return;
  for (let waited = 0; waited < PATIENCE; waited += PAUSE) {
    if ((await askLedger('countOpen', 'Have the open workflows ended?', [...told])) === 0) return;
    await process.pause(PAUSE, 'The open workflows of the leaver end');
  }
}

/** After the days in which all of it can be taken back. SCIM knows no more than the freeze did. */
export async function deactivate({ process, mayGoOn }: Leaving, person: Person): Promise<void> {
  await mayGoOn();
  await process.steps.write({
    system: 'identity',
    name: 'deactivate',
    does: 'deactivate the user for good',
    call: (context, options) => identity.deactivateUser.executeWithOptions(options, [context, person]),
    cannotBeUndone: true,
  });
}

/** Once more at the end: what was joined too late to be seen the first time must not stay. */
export async function lookOnceMore({ process, mayGoOn }: Leaving, person: Person): Promise<void> {
  await mayGoOn();
  await leaveGroups(process, person, 'leaveLateGroups', 'leave the groups that were joined meanwhile');
}
