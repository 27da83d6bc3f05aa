import { SECOND } from '../../domain';
import type { CappedLog } from '../../telemetry';
import { describeFailure } from '../accept/failures';
import type { StartSlots } from '../accept/start-slots';
import { parseBody } from '../verify/parse';
import { createPause } from './backoff';
import { LANES, type Lane } from '../routes';
import { asConflict, verifiedDelivery, type VerifiedDelivery } from '../accept/start-options';
import type { Entry, Spool } from '.';
import type { Started, WorkflowStarter } from '../accept/temporal-starter';
import { createVerdicts } from './retry-decision';

export interface Drain {
  /** Look for work: called when a record has come. */
  readonly wake: () => void;
  /** True from a failure that is about every start until the next one that passes. */
  readonly isBackedOff: () => boolean;
  /** Resolves when the spool is empty, or as soon as Temporal takes nothing. */
  readonly settled: () => Promise<void>;
  /** Begin nothing more; resolves once nothing is under way. */
  readonly stop: () => Promise<void>;
}

export interface DrainOptions {
  readonly spool: Spool;
  readonly starter: WorkflowStarter;
  /** Shared with the way in, which goes first while the spool is empty. */
  readonly slots: StartSlots;
  readonly companyId: string;
  readonly log: CappedLog;
  /** Told what became of each. */
  readonly onStarted?: (started: Started) => void;
}

/** Longer than on the way in: nobody waits for the answer. */
const START_LIMIT_MS = 5 * SECOND;

/** Hand the spool's records to Temporal: by lane, then age, as many at once as the line lets in. */
export function createDrain(options: DrainOptions): Drain {
  const { spool, slots: line } = options;
  const underWay = new Map<string, Promise<void>>();
  const settlers = new Set<() => void>();
  const choice = createChoice(spool, (workflowId) => underWay.has(workflowId));
  const pause = createPause(() => pump());
  const hand = createHand(options, pause);
  let isStopped = false;

  // After a failure one start finds out for all of them.
  const mayBegin = (): boolean => !isStopped && !pause.isWaiting() && !(pause.isOn() && underWay.size > 0);
  const settle = (): void => {
    if (spool.isEmpty() || pause.isOn() || isStopped) for (const settled of settlers) settled();
  };
  const begin = (entry: Entry, leave: () => void): void => {
    const handed = hand(entry, leave).finally(() => {
      underWay.delete(entry.workflowId);
      leave();
      pump();
    });
    underWay.set(entry.workflowId, handed);
  };
  const pump = (): void => {
    while (mayBegin()) {
      const entry = choice.next();
      const leave = entry && line.tryTake(entry.lane);
      if (entry === undefined || leave === undefined) break;
      choice.taken();
      begin(entry, leave);
    }
    settle();
  };

  line.onFree(pump);
  return {
    wake: pump,
    isBackedOff: pause.isOn,
    settled: () =>
      new Promise((resolve) => {
        settlers.add(resolve);
        pump();
      }),
    stop: async () => {
      isStopped = true;
      pause.stop();
      await Promise.all(underWay.values());
      pump();
    },
  };
}

/** The lowest lane gets one start in so many, so that its age is bounded. */
const SHARE_OF_LOWEST = 16;
const LOWEST_FIRST = [5, 1, 2, 3, 4] as const satisfies readonly Lane[];

interface Choice {
  readonly next: () => Entry | undefined;
  /** The next one was begun. */
  readonly taken: () => void;
}

function createChoice(spool: Spool, isUnderWay: (workflowId: string) => boolean): Choice {
  let count = 0;
  const next = (): Entry | undefined => {
    for (const lane of (count + 1) % SHARE_OF_LOWEST === 0 ? LOWEST_FIRST : LANES) {
      const [entry] = spool.oldest(lane, 1, isUnderWay);
      if (entry !== undefined) return entry;
    }
    return undefined;
  };
  return { next, taken: () => void (count += 1) };
}

type Hand = (entry: Entry, leave: () => void) => Promise<void>;

/** One record to Temporal, and out of the spool. Never rejects: what fails stays, or is set aside. */
function createHand(
  { spool, starter, companyId, log, onStarted }: DrainOptions,
  pause: ReturnType<typeof createPause>,
): Hand {
  const verdicts = createVerdicts();

  const setAside = async (entry: Entry, reason: string): Promise<void> => {
    // Without a disk that takes it, it would be the first to be tried again, at once.
    if (!(await spool.setAside(entry, reason))) pause.begin();
  };

  const failed = async (entry: Entry, error: unknown): Promise<void> => {
    const { workflowId } = entry;
    const cause = describeFailure(error);
    if (verdicts.failed(workflowId, error) === 'set-aside') {
      log.write('error', 'set-aside', { workflowId, cause }, 'Temporal refuses a spooled delivery: it is set aside');
      await setAside(entry, `Temporal refuses its start: ${cause}`);
      return;
    }
    log.write('warn', 'drain', { workflowId, cause }, 'a spooled delivery could not be handed to Temporal yet');
    pause.begin();
  };

  return async (entry, leave) => {
    try {
      const received = read(entry, companyId);
      if (received === undefined) {
        await setAside(entry, 'Its companyId is not the one we serve any more.');
        return;
      }
      const started = await starter.start(received, START_LIMIT_MS);
      pause.over();
      verdicts.passed(entry.workflowId);
      leave();
      spool.remove(entry);
      onStarted?.(started);
    } catch (error) {
      await failed(entry, error);
    }
  };
}

/** As it came in; read anew, since a deploy may have learned the event meanwhile. Undefined: not of our company. */
function read({ workflowId, lane, delivery, rawBody }: Entry, companyId: string): VerifiedDelivery | undefined {
  const contents = parseBody(rawBody, companyId);
  if (contents.kind === 'foreign') return undefined;
  const { problem: before, ...facts } = delivery;
  const problem = contents.kind === 'problem' && { problem: contents.problem };
  const received = verifiedDelivery({ ...facts, event: contents.event, ...problem }, contents, rawBody);
  return before?.kind === 'conflict' ? asConflict(received) : { ...received, workflowId, lane };
}
