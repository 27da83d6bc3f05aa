/** The first step of a workflow: one local activity does what would be four. */
import {
  byName,
  decideCertificate,
  factOf,
  isLeaverReason,
  isProtectedUser,
  opens,
  type Fact,
  type Policy,
  type PolicySnapshot,
  type Said,
} from '../../src/domain';
import type { KnownOfLearner, KnownQuestions, Learner, Receipt, Recorded } from '../../src/ledger';

/** Absent: nobody has asked. */
export interface Known extends Partial<KnownOfLearner> {
  /** The limit of leavers an hour lets this one go on. Absent: the workflow asks when it comes to it. */
  readonly isAdmitted?: true;
}

export interface Begun {
  readonly policySnapshot: PolicySnapshot;
  readonly recorded: Recorded;
  /** What its first steps would ask the ledger for. */
  readonly known: Known;
}

export interface BeginRequest {
  readonly receipt: Receipt;
  readonly said: Said;
}

interface BeginOptions extends PolicySnapshot {
  readonly read: (userId: string, asked: KnownQuestions) => Promise<KnownOfLearner>;
  readonly record: (request: { receipt: Receipt; fact: Fact | null; begins: true }) => Promise<Recorded>;
  readonly admit: (eventId: string) => Promise<boolean>;
}

export function createBegin({ read, policy, modes, record, admit }: BeginOptions) {
  async function knownOf(fact: Fact, eventId: string): Promise<Known> {
    const { userId } = fact;
    if (fact.kind === 'deprovisioned') {
      const known = await read(userId, { emails: fact.email === null ? [] : [fact.email] });
      const isAdmitted = mayBegin(fact, known.learner, policy) && (await admit(eventId));
      return { ...known, ...(isAdmitted && { isAdmitted }) };
    }
    if (fact.kind === 'expired' || fact.kind === 'quizzed')
      return read(userId, { inLine: (learner) => addressesInLine(learner, policy) });
    return read(userId, {});
  }

  return async ({ receipt, said }: BeginRequest): Promise<Begun> => {
    const fact = factOf(said, policy);
    const recorded = await record({ receipt, fact, begins: true });
    const known =
      fact !== null && goesOn(fact, recorded, { policy, modes }) ? await knownOf(fact, receipt.eventId) : {};
    return { policySnapshot: { policy, modes }, recorded, known };
  };
}

/** A workflow that ends with its first step looks nobody up. */
function goesOn(fact: Fact, recorded: Recorded, { policy, modes }: PolicySnapshot): boolean {
  if (recorded.outcome !== 'new' || recorded.settledBy !== null || recorded.answer.joins !== undefined) return false;
  if (fact.kind !== 'completed') return opens(fact) !== null;
  const isDue = decideCertificate(fact.score, recorded.answer, policy.course.passPercent) === 'due';
  const isOn = (modes.salesforce ?? 'off') !== 'off';
  return isDue || (recorded.answer.improved === true && isOn);
}

/** One that parks before is not counted yet, nor one that is announced. */
function mayBegin(
  { userId, email, reason, at }: Fact & { kind: 'deprovisioned' },
  learner: Learner | null,
  { offboarding, protected: isProtected }: Policy,
  now = Date.now(),
): boolean {
  const names = [userId, email, learner?.email ?? null];
  return at <= now && isLeaverReason(reason, offboarding) && !isProtectedUser(names, isProtected);
}

/** Whoever may be notified about the learner, as far as the ledger and the policy know them. */
function addressesInLine(learner: Learner | null, { teams, administrators }: Policy): readonly string[] {
  const team = typeof learner?.teamId === 'string' ? byName(teams, learner.teamId) : undefined;
  const all = [learner?.managerEmail, team?.manager, ...(team?.escalation ?? []), ...administrators];
  return [...new Set(all.flatMap((address) => (address ? [address.toLowerCase()] : [])))];
}
