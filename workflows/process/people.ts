import { isCancellation, setHandler, type ActivityOptions } from '@temporalio/workflow';
import type { Person } from '../../activities';
import { isEmail, isInvalidRequest, readTextFields, type PolicySnapshot } from '../../src/domain';
import { createLookout, type Lookout } from './poller';
import { identifyUpdate, type ProcessState } from '../messages';
import { createLeads, type Contact, type Leads, type Recipient } from './escalation-chain';
import { askLedger, identity } from './activity-proxies';
import type { Recorder } from './state';
import { NeedsDecision, type Steps } from './steps';

export type { Recipient } from './escalation-chain';

const FIND_ADDRESS = 'findAddress';

/** Who the learner is to write to, and who leads: ledger, else identity provider, else the policy, else a person says. */
export interface People extends Omit<Leads, 'told'> {
  /** To look up with: by the address where one is known, else by the id. */
  readonly person: () => Promise<Person>;
  /** To write to; parks while no address is known, and is null when a person decides to go on without. */
  readonly learner: () => Promise<Recipient | null>;
  readonly kept: () => KeptPeople;
}

/** What a process that continues in a new run knows of its people. */
export interface KeptPeople {
  /** The learner's, once it was looked up; null: a person decided to go on without. */
  readonly address?: string | null;
  /** Whom `next` has named. */
  readonly told: readonly string[];
}

export interface PeopleDeps {
  readonly userId: string;
  /** An address that the event itself carries. */
  readonly email: string | null;
  readonly recorder: Recorder;
  readonly steps: Steps;
  readonly terms: () => PolicySnapshot;
  readonly kept: KeptPeople | undefined;
}

export function createPeople({ userId, email: carried, recorder, steps, terms, kept }: PeopleDeps): People {
  let known = kept?.address;
  let address = known === undefined ? undefined : Promise.resolve(known ?? undefined);
  const lookout = createAddressLookout({ userId, recorder, steps });

  listen(userId, recorder, steps);

  /** Where it parks, the ledger is asked from time to time: the learner may be provisioned, or imported, meanwhile. */
  async function findAddress(): Promise<string> {
    try {
      const learner = await askLedger('findLearner', 'Look the learner up', userId);
      if (learner?.email) return learner.email;
      const contact = await findContact(null);
      if (contact?.email) return contact.email;
      throw new NeedsDecision('no address is known of the learner; send identify, or retryStep once it is known');
    } catch (error) {
      if (!isCancellation(error)) lookout.begin();
      throw error;
    }
  }

  function whileLooking<T>(found: Promise<T>): Promise<T> {
    void found.then(lookout.end, lookout.end);
    return found;
  }

  async function findContact(email: string | null, options: ActivityOptions = {}): Promise<Contact | null> {
    if (terms().modes.identity === 'off') return null;
    const summary = 'Look the learner up';
    return identity.findContact.executeWithOptions({ summary, ...options }, [{ userId, email }]);
  }

  async function person(): Promise<Person> {
    if (carried !== null) return { userId, email: carried };
    const learner = await askLedger('findLearner', 'Look the learner up', userId);
    return { userId, email: learner?.email ?? null };
  }

  async function learner(): Promise<Recipient | null> {
    if (carried !== null) return { role: 'learner', to: carried };
    address ??= whileLooking(steps.attempt(FIND_ADDRESS, findAddress));
    const to = await address;
    known = to ?? null;
    return to === undefined ? null : { role: 'learner', to };
  }

  const toldBefore = kept?.told ?? [];
  const { told, ...leads } = createLeads({ userId, email: carried, recorder, steps, terms, findContact, toldBefore });
  return { person, learner, ...leads, kept: () => ({ ...(known !== undefined && { address: known }), told: told() }) };
}

function listen(userId: string, recorder: Recorder, steps: Steps): void {
  setHandler(
    identifyUpdate,
    async ({ email, by }): Promise<ProcessState> => {
      recorder.note({ what: 'identify', by, reason: null });
      await askLedger('identifyLearner', 'Keep the address', { userId, email: email.trim() });
      steps.retry(FIND_ADDRESS);
      return recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTextFields(request, ['email', 'by']);
        if (isInvalidRequest(read)) throw new Error(read.problem);
        if (!isEmail(read.email)) throw new Error('`email` must be an e-mail address');
        if (!recorder.stepsIn('parked').includes(FIND_ADDRESS)) throw new Error('no address is missing');
      },
      description: 'Give the missing address of the learner: { email, by }',
    },
  );
}

function createAddressLookout({ userId, recorder, steps }: Pick<PeopleDeps, 'userId' | 'recorder' | 'steps'>): Lookout {
  return createLookout({
    isNeeded: () => recorder.stepsIn('parked').includes(FIND_ADDRESS),
    isKnown: async () => {
      const known = await askLedger('findLearner', 'Is the address known now?', userId);
      return Boolean(known?.email);
    },
    onKnown: () => {
      recorder.note({ what: 'the address is known now', by: 'mindtickle', reason: null });
      steps.retry(FIND_ADDRESS);
    },
  });
}
