/** The people of a process: its learner, by address, and who is notified about them. */
import { CancellationScope, isCancellation, setHandler, sleep } from '@temporalio/workflow';
import type { Person } from '../../activities';
import { isEmail, isInvalidRequest, readTextFields, SHARED_CAUSES } from '../../src/domain';
import { askLedger } from './activity-proxies';
import { FIND_ADDRESS, wantsAddress } from './address-wanted';
import {
  createEscalationChain,
  findContact,
  findContactSoon,
  type EscalationChain,
  type LearnerContext,
} from './escalation-chain';
import type { Recipient } from './channels';
import { pauseAfter } from './patience';
import { refusal } from './refusal';
import { NeedsDecision } from './steps';
import { identifyUpdate, type ProcessState } from '../messages';

export interface People extends Omit<EscalationChain, 'named'> {
  /** To look up with: by the address where one is known, else by the id. */
  readonly person: () => Promise<Person>;
  /** The person by the address that somebody sent with `identify`, where one has been sent. */
  readonly current: (person: Person) => Person;
  /**
   * By the address that is known now: the ledger's, else the event's, else the identity provider's. Parks while none is
   * known, and is null once a person has decided to go on without.
   */
  readonly learner: () => Promise<Recipient | null>;
  /** The same recipient, by what is known now; unchanged where nothing newer is. Never parks. */
  readonly currentRecipient: (recipient: Recipient) => Promise<Recipient>;
  /** How many `next` has named. */
  readonly named: () => number;
  readonly snapshot: () => PeopleSnapshot;
}

/** What a process that continues in a new run knows of its people. */
export interface PeopleSnapshot {
  /** A person decided to go on without the learner's address. */
  readonly goesWithout?: boolean;
  /** The address that `identify` brought. */
  readonly identified?: string;
  /** Whom `next` has named. */
  readonly named: readonly string[];
}

export function createPeople(context: LearnerContext, before?: PeopleSnapshot): People {
  const { userId, email: carried } = context;
  let goesWithout = before?.goesWithout === true;
  let identified = before?.identified;
  const { knownAddress, findOnce } = createAddress(context, () => identified);
  listen(context, (email) => (identified = email));

  async function person(): Promise<Person> {
    const email = identified ?? carried;
    if (email !== null) return { userId, email };
    const learner = await context.lookUps.learner('Look the learner up');
    return { userId, email: learner?.email ?? null };
  }

  async function learner(): Promise<Recipient | null> {
    const to = goesWithout ? await knownAddress() : ((await findOnce()) ?? null);
    goesWithout ||= to === null;
    return to === null ? null : { role: 'learner', to };
  }

  const { named, ...chain } = createEscalationChain(context, before?.named);

  async function currentRecipient(recipient: Recipient): Promise<Recipient> {
    const { role } = recipient;
    if (role === 'learner') {
      const to = (await knownAddress()) ?? (await findContactSoon(context, null, 'address'))?.email;
      return to ? { role, to } : recipient;
    }
    const [first] = role === 'manager' ? await chain.chain() : [];
    return first ?? recipient;
  }

  return {
    ...chain,
    person,
    current: (one) => (identified === undefined ? one : { ...one, email: identified }),
    learner,
    currentRecipient,
    named: () => named().length,
    snapshot: () => ({
      ...(goesWithout && { goesWithout }),
      ...(identified !== undefined && { identified }),
      named: named(),
    }),
  };
}

interface LearnerAddress {
  /** The ledger's, else the one that `identify` brought, else the event's. */
  readonly knownAddress: () => Promise<string | null>;
  /** Parks while none is known; undefined when a person decides to go on without. */
  readonly findOnce: () => Promise<string | undefined>;
}

function createAddress(context: LearnerContext, identified: () => string | undefined): LearnerAddress {
  const { email: carried, lookUps, steps } = context;
  const poller = createAddressPoller(context);
  let finding: Promise<string | undefined> | undefined;

  const knownAddress = async (): Promise<string | null> =>
    (await lookUps.learner('Look the learner up'))?.email ?? identified() ?? carried;

  /** While it is parked, the poller checks the ledger: the learner may be provisioned, or imported, meanwhile. */
  async function findAddress(): Promise<string> {
    try {
      const address = (await knownAddress()) ?? (await findContact(context, null))?.email;
      if (address) return address;
      throw new NeedsDecision(
        'no address is known of the learner; send identify, or retryStep once it is known',
        'noAddress',
        {
          shared: SHARED_CAUSES.noAddress,
          meanwhile: 'The address is looked for again, within minutes at first and within a day later.',
        },
      );
    } catch (error) {
      if (!isCancellation(error)) poller.start();
      throw error;
    }
  }

  /** Once for all who need it at the same time: a second step would have to be decided on as well. */
  async function findOnce(): Promise<string | undefined> {
    const step = { step: FIND_ADDRESS, title: 'Find the address of the learner', isLookUp: true } as const;
    const done = (): void => {
      finding = undefined;
      poller.stop();
    };
    finding ??= steps.attempt(step, findAddress).finally(done);
    return finding;
  }

  return { knownAddress, findOnce };
}

function waitingForAddress({ recorder }: LearnerContext): readonly string[] {
  return recorder
    .snapshot()
    .steps.filter(wantsAddress)
    .map(({ step }) => step);
}

function listen(context: LearnerContext, identified: (email: string) => void): void {
  const { userId, lookUps, recorder, steps } = context;
  setHandler(
    identifyUpdate,
    async ({ email, by, reason }): Promise<ProcessState> => {
      recorder.note({ what: 'identify', by, reason: reason ?? null });
      identified(email.trim());
      await askLedger('setLearnerEmail', 'Keep the address', { userId, email: email.trim() });
      lookUps.forget();
      const waiting = waitingForAddress(context);
      for (const step of waiting) steps.retry(step);
      await Promise.all(waiting.map(steps.carriedOut));
      return recorder.snapshot();
    },
    {
      validator: (request) => {
        const read = readTextFields(request, ['email', 'by'], ['reason']);
        if (isInvalidRequest(read)) throw refusal(read.problem);
        if (!isEmail(read.email)) throw refusal('`email` must be an e-mail address');
        if (waitingForAddress(context).length === 0) throw refusal('no address is missing');
      },
      description: 'Give the address of the learner that is missing, or that is the right one: { email, by, reason? }',
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

  function stop(): void {
    scope?.cancel();
    scope = undefined;
  }

  return { start, stop };
}
