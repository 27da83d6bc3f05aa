/** Who is notified, one after the other: the manager, the team's escalation list, the administrators. */
import { isCancellation, type ActivityOptions } from '@temporalio/workflow';
import { byName, type Policy, type Team } from '../../src/domain';
import { askLedger, identity, whyFailed } from './activity-proxies';
import type { Recipient } from './channels';
import type { StateRecorder } from './state';
import type { Steps } from './steps';

export interface EscalationChain {
  /** By the ledger, else the identity provider, else the policy. Null when nobody knows one; parks when the identity provider refuses to say. */
  readonly manager: () => Promise<Recipient | null>;
  /** Each person once. Never parks. */
  readonly chain: () => Promise<readonly Recipient[]>;
  /** The first of the chain whom this has not named before, or null. Whoever asks, nobody is named twice. */
  readonly next: () => Promise<Recipient | null>;
  /** Whom `next` has named. */
  readonly named: () => readonly string[];
}

type Contact = NonNullable<Awaited<ReturnType<typeof identity.findContact>>>;

/** An escalation cannot wait for the identity provider to come back: then it goes to the next person who is known. */
const LOOK_UP_TIMEOUT = '5 minutes';

/** What is known of a process's learner, and with what more is found out. */
export interface LearnerContext {
  readonly userId: string;
  /** An address that the event itself carries. */
  readonly email: string | null;
  readonly recorder: StateRecorder;
  readonly steps: Steps;
  readonly policy: () => Policy;
}

/** Ask the identity provider; null when it is off or does not know the learner. */
export async function findContact(
  { userId, steps }: Pick<LearnerContext, 'userId' | 'steps'>,
  email: string | null,
  options: ActivityOptions = {},
): Promise<Contact | null> {
  if (!steps.isOn('identity')) return null;
  const summary = 'Look the learner up';
  return identity.findContact.executeWithOptions({ summary, ...options }, [{ userId, email }]);
}

/** `namedBefore`: whom `next` named in the run before. */
export function createEscalationChain(learner: LearnerContext, namedBefore: readonly string[] = []): EscalationChain {
  const { userId, email: carried, recorder, steps, policy } = learner;

  async function findSoon(email: string | null): Promise<Contact | null> {
    try {
      return await findContact(learner, email, { scheduleToCloseTimeout: LOOK_UP_TIMEOUT });
    } catch (error) {
      if (isCancellation(error)) throw error;
      recorder.note({ what: 'the manager was not looked up', by: 'mindtickle', reason: whyFailed(error) });
      return null;
    }
  }

  async function lookUp(
    find: (email: string | null) => Promise<Contact | null | undefined>,
  ): Promise<{ readonly manager: string | undefined; readonly team: Team | undefined }> {
    const known = await askLedger('findLearner', 'Look the manager up', userId);
    const team = teamOf(known?.teamId, policy().teams);
    const manager = known?.managerEmail ?? (await find(known?.email ?? carried))?.managerEmail ?? team?.manager;
    return { manager, team };
  }

  async function manager(): Promise<Recipient | null> {
    const step = { step: 'findManager', title: 'Find the manager' };
    const { manager: to } = await lookUp((email) => steps.attempt(step, () => findContact(learner, email)));
    return to === undefined ? null : { role: 'manager', to };
  }

  async function chain(): Promise<readonly Recipient[]> {
    const { manager: first, team } = await lookUp(findSoon);
    const all: readonly Recipient[] = [
      ...(first === undefined ? [] : [{ role: 'manager', to: first } as const]),
      ...(team?.escalation ?? []).map((to) => ({ role: 'lead', to }) as const),
      ...policy().administrators.map((to) => ({ role: 'administrator', to }) as const),
    ];
    return firstOfEach(all);
  }

  const named = new Set(namedBefore);

  async function next(): Promise<Recipient | null> {
    // Chosen and marked in one go after the look-up: two who ask at once get two.
    const first = (await chain()).find(({ to }) => !named.has(keyOf(to))) ?? null;
    if (first !== null) named.add(keyOf(first.to));
    return first;
  }

  return { manager, chain, next, named: () => [...named] };
}

function teamOf(teamId: string | null | undefined, teams: Policy['teams']): Team | undefined {
  return typeof teamId === 'string' ? byName(teams, teamId) : undefined;
}

function firstOfEach(all: readonly Recipient[]): readonly Recipient[] {
  const byAddress = new Map<string, Recipient>();
  for (const recipient of all) if (!byAddress.has(keyOf(recipient.to))) byAddress.set(keyOf(recipient.to), recipient);
  return [...byAddress.values()];
}

/** One mailbox, however it is written. */
function keyOf(address: string): string {
  return address.toLowerCase();
}
