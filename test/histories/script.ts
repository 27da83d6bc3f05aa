/** What scenarios are written in. */
import { QueryNotRegisteredError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { StepContext } from '../../activities';
import { DAY, type Modes, type Policy } from '../../src/domain';
import {
  cancelSignal,
  identifyUpdate,
  joinedSignal,
  recertifiedSignal,
  rehiredSignal,
  retakenSignal,
  startedSignal,
  type ProcessState,
} from '../../workflows/messages';
import { inTurn, rejected, WELL, type ActivityName, type Fakes } from '../workflows/fakes';
import { cancel, extend, retry, skip } from '../workflows/operator';
import { stepIs, unlessClosed, type World } from '../workflows/world';

/** One line of a scenario's script: something is sent, or waited for. */
export type Line = (world: World, handle: WorkflowHandle) => Promise<unknown>;

/** One way through a workflow, which is run once, recorded, and replayed by every release that follows. */
export interface Scenario {
  /** Absent: the Schedule starts it, or a person, with `args`. */
  readonly event?: string;
  readonly args?: readonly unknown[];
  readonly data?: object;
  /** Days from now until the certificate has to be renewed. */
  readonly days?: number;
  /** Times of the data, in days from now. */
  readonly times?: Readonly<Record<string, number>>;
  readonly unread?: readonly string[];
  /** Its body cannot be read at all. */
  readonly bytes?: true;
  readonly signedHoursAgo?: number;
  /** The run goes on from another one: with this checkpoint, and nothing else. `now` epoch ms. */
  readonly carried?: (now: number) => object;
  /** Of another workflow of the same event, which runs when this one starts. */
  readonly beside?: string;
  readonly conflict?: true;
  /** A function where they have a state: each run begins with its own. */
  readonly fakes?: Fakes | (() => Fakes);
  readonly modes?: Partial<Modes>;
  readonly policy?: (policy: Policy) => Partial<Policy>;
  /** What happens after its start. Then the scenario waits for its end. */
  readonly script?: readonly Line[];
  /** No time has to pass: it is played on the dev server, which loses no task. */
  readonly isTimeless?: boolean;
  /** Which run is recorded where it goes on in a new one. Default: the last. */
  readonly run?: 'first';
}

export const everySystem: Partial<Modes> = { salesforce: 'on', slack: 'on', xapi: 'on' };
export const refused = rejected('identity answered 403');

export const until =
  (wanted: (state: ProcessState) => boolean): Line =>
  (world, handle) =>
    world.until(handle, wanted);
export const done = (step: string): Line => until(stepIs(step, 'done'));
export const isWaiting = until(({ phase }) => phase === 'waiting');
export const parked =
  (step: string): Line =>
  (world, handle) =>
    world.parked(handle, step);
/** What it has gone on as may answer no query: then it ends by itself. */
export const atRest: Line = async (world, handle) => {
  try {
    await world.atRest(handle);
  } catch (error) {
    if (!(error instanceof QueryNotRegisteredError)) throw error;
    await handle.result();
  }
};
const sleeps = new Set<Line>();
export function sleep(duration: string): Line {
  const line: Line = (world) => world.sleep(duration);
  sleeps.add(line);
  return line;
}
export const sleepsIn = (script: readonly Line[]): boolean => script.some((line) => sleeps.has(line));
export const send =
  (message: (handle: WorkflowHandle) => Promise<unknown>): Line =>
  (_world, handle) =>
    message(handle);
/** Whatever came before may have ended it. */
export const sendLast = (message: (handle: WorkflowHandle) => Promise<unknown>): Line =>
  send((handle) => message(handle).catch(unlessClosed));
export const extendTo =
  (days: number): Line =>
  async (world, handle) =>
    extend(handle, (await world.now()) + days * DAY);
export const know = (): Line => (world) => {
  world.fake('findLearner');
  return Promise.resolve();
};
export const retried = (step: string): Line => send((handle) => retry(handle, step));
export const skipped = (step: string): Line => send((handle) => skip(handle, step));
export const identified: Line = send((handle) =>
  handle.executeUpdate(identifyUpdate, { args: [{ email: 'rita@example.org', by: 'ada' }] }),
);
export const rehired = (order: string, hiredAt?: string): Line =>
  send((handle) => handle.signal(rehiredSignal, { eventId: 'p1', order, ...(hiredAt !== undefined && { hiredAt }) }));
export const started = send((handle) => handle.signal(startedSignal, { eventId: 'p1' }));
export const retaken = send((handle) => handle.signal(retakenSignal, { eventId: 'q2' }));
export const joined = (detail?: string): Line =>
  send((handle) => handle.signal(joinedSignal, { eventId: 'e2', ...(detail !== undefined && { detail }) }));
export const superseded = send((handle) =>
  handle.signal(cancelSignal, { eventId: 'e2', by: 'event e2', reason: 'superseded' }),
);
export const cancelled = sendLast(cancel);
export const malformed = send((handle) => handle.signal(recertifiedSignal.name, { by: 'ada' }));
/** Temporal's own. */
export const cancellationRequested = send((handle) => handle.cancel());

/** Whatever is parked is decided so, until nothing is. What parks again is skipped. */
export const deciding =
  (decide: (handle: WorkflowHandle, step: string) => Promise<unknown>): Line =>
  async (world, handle) => {
    const decided = new Set<string>();
    for (;;) {
      const waiting = await parkedSteps(world, handle);
      if (waiting.length === 0) return;
      for (const step of waiting) {
        await (decided.has(step) ? skip(handle, step) : decide(handle, step));
        decided.add(step);
      }
    }
  };

/** Whatever parks before the step is skipped. */
export const reaching =
  (step: string): Line =>
  async (world, handle) => {
    await world.until(handle, ({ steps }) => steps.some(({ status }) => status === 'parked'));
    for (;;) {
      const waiting = await parkedSteps(world, handle);
      if (waiting.includes(step)) return;
      for (const other of waiting) await skip(handle, other);
    }
  };

async function parkedSteps(world: World, handle: WorkflowHandle): Promise<readonly string[]> {
  await world.atRest(handle);
  const { steps } = await world.state(handle);
  return steps.filter(({ status }) => status === 'parked').map(({ step }) => step);
}

/** What writes to a system: the first argument says for which step. */
const WRITES = [
  ...(['freezeUser', 'deactivateUser', 'joinGroup', 'leaveGroup', 'leaveGroups', 'restoreUser', 'sendMail'] as const),
  ...(['storeCertificate', 'archivePerson', 'upsertTraining', 'markCertificate', 'restoreCertificate'] as const),
  ...(['linkContact', 'freezeCrmUser', 'restoreCrmUser', 'deactivateSlackUser', 'restoreSlackUser'] as const),
  'storeStatement',
] as const satisfies readonly ActivityName[];

/** Each of these steps is refused the first time that it is tried. */
export function refusing(steps: readonly string[]): Fakes {
  const left = new Set(steps);
  const answer =
    (name: ActivityName) =>
    ({ step }: StepContext): unknown => {
      if (left.delete(step)) throw refused;
      return WELL[name];
    };
  return Object.fromEntries(WRITES.map((name) => [name, answer(name)]));
}

/** Every write is only observed. */
export function observing(): Fakes {
  return Object.fromEntries([...WRITES, 'postSlackMessage'].map((name) => [name, 'observed']));
}

/** The local activity fails as often as it is tried; the normal one that follows it does not. */
export function ledgerFailsOnce(...names: readonly ActivityName[]): Fakes {
  const failure = ApplicationFailure.create({ type: 'ledger.unavailable', message: 'the ledger did not answer' });
  return Object.fromEntries(names.map((name) => [name, inTurn<unknown>(failure, failure, WELL[name])]));
}

export function fakesOf({ fakes = {} }: Scenario): Fakes {
  return typeof fakes === 'function' ? fakes() : fakes;
}
