/**
 * Who is notified, one after the other: the manager, the team's escalation list, the administrators. Apart from the learner,
 * whose address a step waits for: an escalation waits for nobody, and passes over who cannot be reached.
 */
import { isCancellation, type ActivityOptions } from '@temporalio/workflow';
import { byName, type Policy, type Team } from '../../src/domain';
import { identity } from './activity-proxies';
import { whyFailed } from './failures';
import type { Recipient } from './channels';
import type { LookUps } from './look-ups';
import type { StateRecorder } from './state';
import type { Steps } from './steps';

/** Nobody of it has left as far as we know, and nobody is the learner. */
export interface EscalationChain {
  /**
   * By the ledger, else the identity provider, else the policy; who has left or is the learner is passed over for the next in
   * line. Null when nobody knows a manager; parks when the identity provider refuses to say.
   */
  readonly manager: () => Promise<Recipient | null>;
  /** Each person once. Never parks. */
  readonly chain: () => Promise<readonly Recipient[]>;
  /** The first of the chain whom this has not named before, or null. Whoever asks, nobody is named twice. */
  readonly next: () => Promise<Recipient | null>;
  /** Those of the policy but the learner, as long as somebody is left. Never parks. */
  readonly administrators: () => Promise<readonly Recipient[]>;
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
  readonly lookUps: LookUps;
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

/** The same, but soon, and null when it refuses or does not answer. */
export async function findContactSoon(
  learner: LearnerContext,
  email: string | null,
  what: 'manager' | 'address',
): Promise<Contact | null> {
  try {
    return await findContact(learner, email, { scheduleToCloseTimeout: LOOK_UP_TIMEOUT });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const reason = whyFailed(error);
    learner.recorder.note({ what: `the ${what} was not looked up`, by: 'mindtickle', reason });
    return null;
  }
}

/** `namedBefore`: whom `next` named in the run before. */
export function createEscalationChain(learner: LearnerContext, namedBefore: readonly string[] = []): EscalationChain {
  const { userId, email: carried, lookUps, steps, policy } = learner;
  const { lookUp, fitOf } = createLookUp(learner);

  async function manager(): Promise<Recipient | null> {
    const step = { step: 'findManager', title: 'Find the manager', isLookUp: true } as const;
    const found = await lookUp((email) => steps.attempt(step, () => findContact(learner, email)));
    if (found.managers.length === 0) return null;
    return (await fitOf(inLine(found, policy()), found.own))[0] ?? null;
  }

  async function chain(): Promise<readonly Recipient[]> {
    const found = await lookUp((email) => findContactSoon(learner, email, 'manager'));
    return fitOf(inLine(found, policy()), found.own);
  }

  async function administrators(): Promise<readonly Recipient[]> {
    const all = policy().administrators.map((to) => ({ role: 'administrator', to }) as const);
    if (userId === '' || all.length < 2) return all;
    const known = await lookUps.learner('Is an administrator the learner?');
    const own = [known?.email, carried].flatMap((address) => (address ? [keyOf(address)] : []));
    const others = all.filter(({ to }) => !own.includes(keyOf(to)));
    return others.length === 0 ? all : others;
  }

  const named = new Set(namedBefore);

  async function next(): Promise<Recipient | null> {
    // Chosen and marked in one go after the look-up: two who ask at once get two.
    const first = (await chain()).find(({ to }) => !named.has(keyOf(to))) ?? null;
    if (first !== null) named.add(keyOf(first.to));
    return first;
  }

  return { manager, chain, next, administrators, named: () => [...named] };
}

interface Found {
  /** The first is the learner's; the others are asked when that one cannot be. */
  readonly managers: readonly string[];
  readonly team: Team | undefined;
  /** The learner's own addresses, as far as they are known. */
  readonly own: readonly string[];
}

function createLookUp(learner: LearnerContext) {
  const { email: carried, lookUps, policy, steps, recorder } = learner;

  /** Who left may be known to the identity provider alone. One that does not answer soon holds up no message. */
  async function findInactive(addresses: readonly string[]): Promise<readonly string[]> {
    if (addresses.length === 0 || !steps.isOn('identity')) return [];
    const options = { summary: 'Has one of them left?', scheduleToCloseTimeout: '1 minute' } as const;
    try {
      return await identity.findInactive.executeWithOptions(options, [addresses]);
    } catch (error) {
      if (isCancellation(error)) throw error;
      const what = 'the identity provider was not asked who has left';
      recorder.note({ what, by: 'mindtickle', reason: whyFailed(error) });
      return [];
    }
  }

  async function lookUp(find: (email: string | null) => Promise<Contact | null | undefined>): Promise<Found> {
    const known = await lookUps.learner('Look the manager up');
    const team = teamOf(known?.teamId, policy().teams);
    const email = known?.email ?? carried;
    const contact = known?.managerEmail ? null : await find(email);
    const managers = [known?.managerEmail, contact?.managerEmail, team?.manager].flatMap((to) => to || []);
    return { managers, team, own: [email, carried, contact?.email].flatMap((address) => address || []) };
  }

  /** Without the learner, and without those whom the ledger knows to have left. */
  async function fitOf(all: readonly Recipient[], own: readonly string[]): Promise<readonly Recipient[]> {
    if (all.length === 0) return all;
    const addresses = all.map(({ to }) => keyOf(to));
    const unfit = new Set(await lookUps.unfit(addresses));
    // The policy's administrators are notified in any case: somebody has to be.
    const others = all.filter(({ role, to }) => role !== 'administrator' && !unfit.has(keyOf(to)));
    for (const address of await findInactive(others.map(({ to }) => keyOf(to)))) unfit.add(address);
    for (const address of own) unfit.add(keyOf(address));
    return firstManager(all.filter(({ to }) => !unfit.has(keyOf(to))));
  }

  return { lookUp, fitOf };
}

/** In the order in which they are notified; each once. */
function inLine({ managers, team }: Found, { administrators }: Policy): readonly Recipient[] {
  return firstOfEach([
    ...managers.map((to) => ({ role: 'manager', to }) as const),
    ...(team?.escalation ?? []).map((to) => ({ role: 'lead', to }) as const),
    ...administrators.map((to) => ({ role: 'administrator', to }) as const),
  ]);
}

/** One manager: the policy's is asked where the learner's own cannot be. */
function firstManager(all: readonly Recipient[]): readonly Recipient[] {
  const first = all.findIndex(({ role }) => role === 'manager');
  return all.filter(({ role }, index) => role !== 'manager' || index === first);
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
