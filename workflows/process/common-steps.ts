/** The writes that several processes share, each with its undo. */
import type { Change, Person } from '../../activities';
import type { Notification } from '../../src/domain';
import type { Process } from './process';
import type { Recipient } from './people';
import { identity, mail } from './activity-proxies';

export interface Membership {
  readonly name: string;
  readonly person: Person;
  readonly group: string;
  /** Leave (or give back) only when no other open workflow of this kind needs it so. */
  readonly unlessOpen?: string;
}

export function joinGroup(
  process: Process,
  { name, person, group, unlessOpen }: Membership,
): Promise<Change | undefined> {
  return process.writeWithUndo(
    {
      system: 'identity',
      name,
      does: `join the group "${group}"`,
      call: (context, options) => identity.joinGroup.executeWithOptions(options, [context, person, group]),
    },
    { does: `leave the group "${group}" again`, person, unlessOpen: unlessOpen ?? null },
  );
}

export function leaveGroup(
  process: Process,
  { name, person, group, unlessOpen }: Membership,
): Promise<Change | undefined> {
  return process.writeWithUndo(
    {
      system: 'identity',
      name,
      does: `leave the group "${group}"`,
      call: (context, options) =>
        identity.leaveGroup.executeWithOptions(options, [context, person, group, unlessOpen ?? null]),
    },
    { does: `join the group "${group}" again`, person, unlessOpen: null },
  );
}

/** A letter as a step: it parks when the address is refused. A letter cannot be taken back. */
export async function letterTo(
  process: Process,
  name: string,
  { role, to }: Recipient,
  letter: Notification,
): Promise<void> {
  const sent = await process.steps.write({
    system: 'mail',
    name,
    does: `tell the ${role}: ${letter.kind}`,
    call: (context, options) => mail.sendLetter.executeWithOptions(options, [context, to, role, letter]),
  });
  if (sent === 'sent') process.recorder.tell({ role, letter: letter.kind });
  process.message({ role, to }, letter);
}

/** A letter to the learner; without an address it waits for one. Skipped when a person decides to go on without. */
export async function letterToLearner(process: Process, name: string, letter: Notification): Promise<void> {
  const learner = await process.people.learner();
  if (learner !== null) await letterTo(process, name, learner, letter);
}
