/** What a recertification writes: when it opens, lapses, and closes. */
import { DAY, isoTime, type Policy } from '../../src/domain';
import { createSharedAccount, identity, joinGroup, leaveGroup, markCertificate, sideBySide } from '../process';
import type { BackgroundTask, Process } from '../process';

/** One certificate of one learner. */
export interface Certificate {
  readonly process: Process;
  readonly certName: string;
  readonly policy: Policy;
}

export interface Lapse {
  /** Its step that takes the certificate: a second lapse has another. */
  readonly step: string;
  /** Absent: it was over in a run before. */
  readonly work?: BackgroundTask;
}

export async function openCase({ process, certName, policy }: Certificate, deadlineAt: number): Promise<void> {
  const deadline = isoTime(deadlineAt);
  const person = await process.people.person();
  const { userId } = person;
  const group = policy.groups.recertificationRequired;
  const learner = (): Promise<void> =>
    process.notifyLearner('notifyLearner', { kind: 'recertify', certName, deadline });
  const manager = (): Promise<void> =>
    process.notifyManager('notifyManager', { kind: 'recertify-report', certName, deadline, userId });
  // Where the learner has to be found first, the manager is known then too.
  const notify = person.email === null ? [() => learner().then(manager)] : [learner, manager];
  await sideBySide(
    () => joinGroup(process, { step: 'joinRecertificationRequired', person, group, unlessOpen: 'recertification' }),
    ...notify,
  );
}

/** Access that depends on the certificate ends first; then the whole escalation chain is notified. */
export async function lapse({ process, certName, policy }: Certificate, deadline: number): Promise<void> {
  const person = await process.people.person();
  const { userId } = person;
  await createSharedAccount(process).answered();
  await leaveGroup(process, { step: 'leaveCertified', person, group: policy.groups.certified, endsAccess: true });
  const graceEnds = isoTime(deadline + policy.recertification.graceDays * DAY);
  const recipients = await process.people.chain();
  const notification = { kind: 'lapsed', certName, userId, graceEnds } as const;
  await sideBySide(...recipients.map((recipient) => () => process.notify('notifyOfLapse', recipient, notification)));
}

/** The deadline was moved ahead again: what the lapse took is given back. */
export async function giveBack({ process }: Certificate, { work, step }: Lapse): Promise<void> {
  await work?.stop();
  const person = await process.people.person();
  await process.steps.write({
    system: 'identity',
    step: 'giveCertifiedBack',
    title: 'Join the certified group again, if the lapse left it',
    call: (context, options) => identity.restoreUser.executeWithOptions(options, [context, person, step, null]),
  });
}

export async function closeCase({ process, certName, policy: { groups } }: Certificate): Promise<void> {
  process.recorder.setWorking();
  await process.stopBackground();
  const person = await process.people.person();
  const group = groups.recertificationRequired;
  await sideBySide(
    () =>
      joinGroup(process, { step: 'joinCertified', person, group: groups.certified }).then(() =>
        leaveGroup(process, { step: 'leaveRecertificationRequired', person, group, unlessOpen: 'recertification' }),
      ),
    () => markCertificate(process, certName, 'certified', null),
  );
}
