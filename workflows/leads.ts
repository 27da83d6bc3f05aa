import { isCancellation, type ActivityOptions } from '@temporalio/workflow';
import type { Role } from '../activities';
import type { Terms } from '../src/domain/policy';
import { askLedger, whyFailed, type identity } from './retries';
import type { Recorder } from './state';
import type { Steps } from './steps';

export interface Recipient {
  readonly role: Role;
  readonly to: string;
}

export type Contact = NonNullable<Awaited<ReturnType<typeof identity.findContact>>>;

/** Who leads a learner: ledger, else identity provider, else the policy's team. */
export interface Leads {
  /** Null when nobody knows one; parks when the identity provider refuses to say. */
  readonly manager: () => Promise<Recipient | null>;
  /** Manager first, then the administrators, each once. Never parks. */
  readonly chain: () => Promise<readonly Recipient[]>;
}

export interface LeadsDeps {
  readonly userId: string;
  /** An address of the learner that the event itself carries. */
  readonly email: string | null;
  readonly recorder: Recorder;
  readonly steps: Steps;
  readonly terms: () => Terms;
  /** Ask the identity provider; null when it is off or does not know the learner. */
  readonly findContact: (email: string | null, options?: ActivityOptions) => Promise<Contact | null>;
}

/** Who has to be told now cannot wait for the identity provider to come back: then the next in line is told. */
const SOON = '5 minutes';

export function createLeads({ userId, email: carried, recorder, steps, terms, findContact }: LeadsDeps): Leads {
  async function findSoon(email: string | null): Promise<Contact | null> {
    try {
      return await findContact(email, { scheduleToCloseTimeout: SOON });
    } catch (error) {
      if (isCancellation(error)) throw error;
      recorder.note({ what: 'the manager was not looked up', by: 'mindtickle', reason: whyFailed(error) });
      return null;
    }
  }

  async function managerBy(
    find: (email: string | null) => Promise<Contact | null | undefined>,
  ): Promise<Recipient | null> {
    const known = await askLedger('findLearner', 'Look the manager up', userId);
    const to = known?.managerEmail ?? (await find(known?.email ?? carried))?.managerEmail ?? ofTeam(known?.teamId);
    return to === undefined ? null : { role: 'manager', to };
  }

  function ofTeam(teamId: string | null | undefined): string | undefined {
    return typeof teamId === 'string' ? terms().policy.teams[teamId]?.manager : undefined;
  }

  async function manager(): Promise<Recipient | null> {
    return managerBy((email) => steps.attempt('findManager', () => findContact(email)));
  }

  async function chain(): Promise<readonly Recipient[]> {
    const lead = await managerBy(findSoon);
    const administrators = terms().policy.administrators.map((to): Recipient => ({ role: 'administrator', to }));
    return lead === null ? administrators : [lead, ...administrators.filter(({ to }) => to !== lead.to)];
  }

  return { manager, chain };
}
