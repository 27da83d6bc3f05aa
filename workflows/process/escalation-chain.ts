import { isCancellation, type ActivityOptions } from '@temporalio/workflow';
import type { Role } from '../../activities';
import type { PolicySnapshot, Team } from '../../src/domain';
import { askLedger, whyFailed, type identity } from './activity-proxies';
import type { Recorder } from './state';
import type { Steps } from './steps';
import { since } from '../releases';

export interface Recipient {
  readonly role: Role;
  readonly to: string;
}

export type Contact = NonNullable<Awaited<ReturnType<typeof identity.findContact>>>;

/** Who leads a learner: ledger, else identity provider, else the policy's team; and who is told after that. */
export interface Leads {
  /** Null when nobody knows one; parks when the identity provider refuses to say. */
  readonly manager: () => Promise<Recipient | null>;
  /** Manager first, then the team's escalation list, then the administrators, each once. Never parks. */
  readonly chain: () => Promise<readonly Recipient[]>;
  /** The first of the chain whom this has not named before, or null. Whoever asks, nobody is named twice. */
  readonly next: () => Promise<Recipient | null>;
  /** How many `next` has named. */
  readonly named: () => number;
  /** Whom `next` has named. */
  readonly told: () => readonly string[];
}

export interface LeadsDeps {
  readonly userId: string;
  /** An address of the learner that the event itself carries. */
  readonly email: string | null;
  readonly recorder: Recorder;
  readonly steps: Steps;
  readonly terms: () => PolicySnapshot;
  /** Ask the identity provider; null when it is off or does not know the learner. */
  readonly findContact: (email: string | null, options?: ActivityOptions) => Promise<Contact | null>;
  /** Whom `next` named in a run before. */
  readonly toldBefore: readonly string[];
}

/** Who has to be told now cannot wait for the identity provider to come back: then the next in line is told. */
const SOON = '5 minutes';

export function createLeads(deps: LeadsDeps): Leads {
  const { userId, email: carried, recorder, steps, terms, findContact, toldBefore } = deps;

  async function findSoon(email: string | null): Promise<Contact | null> {
    try {
      return await findContact(email, { scheduleToCloseTimeout: SOON });
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
    const team = teamOf(known?.teamId);
    const manager = known?.managerEmail ?? (await find(known?.email ?? carried))?.managerEmail ?? team?.manager;
    return { manager, team };
  }

  function teamOf(teamId: string | null | undefined): Team | undefined {
    const { teams } = terms().policy;
    return typeof teamId === 'string' && Object.hasOwn(teams, teamId) ? teams[teamId] : undefined;
  }

  async function manager(): Promise<Recipient | null> {
    const { manager: to } = await lookUp((email) => steps.attempt('findManager', () => findContact(email)));
    return to === undefined ? null : { role: 'manager', to };
  }

  async function chain(): Promise<readonly Recipient[]> {
    const { manager: lead, team } = await lookUp(findSoon);
    const leads = (team?.escalation ?? []).filter((to) => lead === undefined || keyOf(to) !== keyOf(lead));
    const nearer = new Set([...(lead === undefined ? [] : [lead]), ...leads].map(keyOf));
    const administrators = terms().policy.administrators.filter((to) => !nearer.has(keyOf(to)));
    return [
      ...(lead === undefined ? [] : [{ role: 'manager', to: lead } as const]),
      ...leads.map((to) => ({ role: 'lead', to }) as const),
      ...administrators.map((to) => ({ role: 'administrator', to }) as const),
    ];
  }

  const told = new Set(toldBefore);

  async function next(): Promise<Recipient | null> {
    // Chosen and marked in one go after the look-up: two who ask at once get two.
    const first = (await chain()).find(({ to }) => !told.has(keyOf(to))) ?? null;
    if (first !== null) told.add(keyOf(first.to));
    return first;
  }

  return { manager, chain, next, named: () => told.size, told: () => [...told] };
}

/** One mailbox, however it is written. A run of before that went by the letters does so to its end. */
function keyOf(address: string): string {
  return since('addresses-without-case') ? address.toLowerCase() : address;
}
