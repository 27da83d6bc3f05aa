/** What a recertification writes: when it opens, lapses, and closes. */
import { DAY, isoTime, type Policy } from '../../src/domain';
import { joinGroup, leaveGroup, letterTo, letterToLearner } from '../process/common-steps';
import type { Aside, Process } from '../process/process';
import { markCertificate } from '../process/crm-writes';
import { identity } from '../process/activity-proxies';

export interface Lapse {
  /** Its step that takes the certificate: a second lapse has another. */
  readonly step: string;
  /** Absent: it was over in a run before. */
  readonly work?: Aside;
}

export async function openCase(process: Process, certName: string, deadlineAt: number, policy: Policy): Promise<void> {
  const deadline = isoTime(deadlineAt);
  const person = await process.people.person();
  const group = policy.groups.recertificationRequired;
  await joinGroup(process, { name: 'joinRecertificationRequired', person, group, unlessOpen: 'recertification' });
  await letterToLearner(process, 'tellLearner', { kind: 'recertify', certName, deadline });
  const manager = await process.people.manager();
  if (manager === null) return;
  await letterTo(process, 'tellManager', manager, {
    kind: 'recertify-report',
    certName,
    deadline,
    userId: person.userId,
  });
}

/** Access that hangs on the certificate ends first; then who leads is told, then the administrators. */
export async function lapse(process: Process, certName: string, deadline: number, policy: Policy): Promise<void> {
  const person = await process.people.person();
  await leaveGroup(process, { name: 'leaveCertified', person, group: policy.groups.certified });
  const graceEnds = isoTime(deadline + policy.recertification.graceDays * DAY);
  for (const recipient of await process.people.chain())
    await letterTo(process, `tellOfLapse`, recipient, { kind: 'lapsed', certName, userId: person.userId, graceEnds });
}

/** The deadline was moved ahead again: what the lapse took is given back. */
export async function giveBack(process: Process, { work, step }: Lapse): Promise<void> {
  await work?.drop();
  const person = await process.people.person();
  await process.steps.write({
    system: 'identity',
    name: 'giveCertifiedBack',
    does: 'join the certified group again, if the lapse left it',
    call: (context, options) => identity.restore.executeWithOptions(options, [context, person, step, null]),
  });
}

export async function closeCase(process: Process, certName: string, { groups }: Policy): Promise<void> {
  process.recorder.setWorking();
  await process.dropAsides();
  const person = await process.people.person();
  await joinGroup(process, { name: 'joinCertified', person, group: groups.certified });
  const marked = markCertificate(process, certName, 'certified', null);
  const group = groups.recertificationRequired;
  await leaveGroup(process, { name: 'leaveRecertificationRequired', person, group, unlessOpen: 'recertification' });
  await marked;
}
