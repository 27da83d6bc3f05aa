/** The people of a process: its learner, by address, and who is notified about them. */
import { CancellationScope, isCancellation, setHandler, sleep } from '@temporalio/workflow';
import type { Person } from '../../activities';
import { isEmail, isInvalidRequest, readTextFields } from '../../src/domain';
import { askLedger } from './activity-proxies';
import { createEscalationChain, findContact, type EscalationChain, type LearnerContext } from './escalation-chain';
import type { Recipient } from './channels';
import { pauseAfter } from './patience';
import { NeedsDecision } from './steps';
import { identifyUpdate, type ProcessState, type StepState } from '../messages';

const FIND_ADDRESS = 'findAddress';

export interface People extends Omit<EscalationChain, 'named'> {
  /** To look up with: by the address where one is known, else by the id. */
  readonly person: () => Promise<Person>;
  /** The person by the address that somebody sent with `identify`, where one has been sent. */
  readonly current: (person: Person) => Person;
  /**
   * By an address of the event, else the ledger's, else the identity provider's. Parks while none is known, and is null when a
   * person decides to go on without.
   */
  readonly learner: () => Promise<Recipient | null>;
  /** How many `next` has named. */
  readonly named: () => number;
  readonly snapshot: () => PeopleSnapshot;
}

/** What a process that continues in a new run knows of its people. */
export interface PeopleSnapshot {
  /** The learner's, once it was looked up; null: a person decided to go on without. */
  readonly address?: string | null;
  /** The address that `identify` brought. */
  readonly identified?: string;
  /** Whom `next` has named. */
  readonly named: readonly string[];
}

export function createPeople(context: LearnerContext, before?: PeopleSnapshot): People {
  const { userId, email: carried, steps } = context;
  let known = before?.address;
  let address = known === undefined ? undefined : Promise.resolve(known ?? undefined);
  let identified = before?.identified;
  const poller = createAddressPoller(context);
  listen(context, (email) => (identified = email));

  /** While it is parked, the poller checks the ledger: the learner may be provisioned, or imported, meanwhile. */
  async function findAddress(): Promise<string> {
    try {
      const learner = await askLedger('findLearner', 'Look the learner up', userId);
      if (learner?.email) return learner.email;
      const contact = await findContact(context, null);
      if (contact?.email) return contact.email;
      throw new NeedsDecision('no address is known of the learner; send identify, or retryStep once it is known');
    } catch (error) {
      if (!isCancellation(error)) poller.start();
      throw error;
    }
  }

  function whilePolling<T>(found: Promise<T>): Promise<T> {
    void found.then(poller.stop, poller.stop);
    return found;
  }

  async function person(): Promise<Person> {
    const email = identified ?? carried;
    if (email !== null) return { userId, email };
    const learner = await askLedger('findLearner', 'Look the learner up', userId);
    return { userId, email: learner?.email ?? null };
  }

  async function learner(): Promise<Recipient | null> {
    const given = identified ?? carried;
    if (given !== null) return { role: 'learner', to: given };
    address ??= whilePolling(
      steps.attempt({ step: FIND_ADDRESS, title: 'Find the address of the learner' }, findAddress),
    );
    const to = await address;
    known = to ?? null;
    return to === undefined ? null : { role: 'learner', to };
  }

  const { named, ...chain } = createEscalationChain(context, before?.named);
  return {
    ...chain,
    person,
    current: (one) => (identified === undefined ? one : { ...one, email: identified }),
    learner,
    named: () => named().length,
    snapshot: () => ({
      ...(known !== undefined && { address: known }),
      ...(identified !== undefined && { identified }),
      named: named(),
    }),
  };
}

/** The parked steps that wait for an address, or whose sentence offers `identify`. */
function waitingForAddress({ recorder }: LearnerContext): readonly string[] {
  const { steps } = recorder.snapshot();
  const isWaiting = ({ step, detail }: StepState): boolean =>
    step === FIND_ADDRESS || /\bidentify\b/.test(detail ?? '');
  return steps.filter((step) => step.status === 'parked' && isWaiting(step)).map(({ step }) => step);
}

function listen(context: LearnerContext, identified: (email: string) => void): void {
  const { userId, recorder, steps } = context;
  setHandler(
    identifyUpdate,
    async ({ email, by }): Promise<ProcessState> => {
      recorder.note({ what: 'identify', by, reason: null });
      identified(email.trim());
      await askLedger('setLearnerEmail', 'Keep the address', { userId, email: email.trim() });
      for (const step of waitingForAddress(context)) steps.retry(step);
      return recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTextFields(request, ['email', 'by']);
        if (isInvalidRequest(read)) throw new Error(read.problem);
        if (!isEmail(read.email)) throw new Error('`email` must be an e-mail address');
        if (waitingForAddress(context).length === 0) throw new Error('no address is missing');
      },
      description: 'Give the address of the learner that is missing, or that is the right one: { email, by }',
    },
  );
}

/**
 * Checks from time to time, in the scope that `start` is called in, whether the ledger knows the address that a parked step
 * needs.
 */
function createAddressPoller({ userId, recorder, steps }: LearnerContext): { start: () => void; stop: () => void } {
  let scope: CancellationScope | undefined;
  const isNeeded = (): boolean => recorder.stepsIn('parked').includes(FIND_ADDRESS);

  async function poll(): Promise<void> {
    for (let waitedMs = 0; ;) {
      const pauseMs = pauseAfter(waitedMs);
      await sleep(pauseMs, { summary: 'Then look whether the address is known' });
      waitedMs += pauseMs;
      if (!isNeeded()) continue;
      const learner = await askLedger('findLearner', 'Is the address known now?', userId);
      if (!learner?.email || !isNeeded()) continue;
      recorder.note({ what: 'the address is known now', by: 'mindtickle', reason: null });
      steps.retry(FIND_ADDRESS);
    }
  }

  function start(): void {
    if (scope !== undefined) return;
    scope = new CancellationScope();
    void scope.run(poll).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
  }

  return { start, stop: () => scope?.cancel() };
}
