import { setTimeout as sleep } from 'node:timers/promises';
import { eventsAmong, progressDeliveries } from './deliveries';
import { sendLoad, type Load } from './load';
import { cpuOf, usageOf, type Usage } from './usage';
import type { System } from './variant';

/** How much is sent, and how long it may take. */
export interface Plan {
  readonly rounds: number;
  readonly connections: readonly number[];
  /** Of one burst. */
  readonly deliveries: number;
  /** Of one burst: what is slower gets fewer deliveries. */
  readonly burstSeconds: number;
  /** Deliveries that are sent to see how fast they are worked off. */
  readonly worked: number;
  /** For them: what is not worked off then is missing. */
  readonly workSeconds: number;
  /** Progress events before a leaver. */
  readonly behind: number;
  /** How long what a burst has left may be worked off before the next measurement. */
  readonly quietSeconds: number;
  /** After so long nothing more is measured. */
  readonly limitSeconds: number;
}

export interface Accepted extends Load {
  /** Of all its processes, while it took 1,000 deliveries. */
  readonly cpuPer1000: number;
}

export interface Worked {
  readonly perSecond: number;
  /** Events that were to be worked off, and were not in time. */
  readonly missing: number;
  /** Of all its processes, from the first delivery to the last event worked off. */
  readonly cpuPer1000: number;
  readonly usage: Readonly<Record<string, Usage>>;
}

/** What one variant did in one round. */
export interface Sample {
  /** By the number of connections. */
  readonly accepted: ReadonlyMap<number, Accepted>;
  /** Undefined: nothing works them off. */
  readonly worked: Worked | undefined;
}

let runs = 0;
const nextRun = (): string => `bench-${process.pid}-${(runs += 1)}`;

/** Take a burst at each number of connections, and work some events off. */
export async function measure(system: System, acknowledges: boolean, plan: Plan): Promise<Sample> {
  const accepted = new Map<number, Accepted>();
  for (const connections of acknowledges ? plan.connections : []) {
    accepted.set(connections, await takeBurst(system, connections, plan));
    await (system.discard ?? (() => untilQuiet(system, plan)))();
  }
  await untilQuiet(system, plan);
  return { accepted, worked: await workOff(system, plan) };
}

async function takeBurst(system: System, connections: number, plan: Plan): Promise<Accepted> {
  // One connection is about the time of one delivery, not about a burst.
  const isBurst = connections > 1;
  const deliveries = progressDeliveries(nextRun(), isBurst ? plan.deliveries : plan.deliveries / 10);
  const cpuBefore = cpuOf(system.pids());
  const load = await sendLoad({
    url: system.url(),
    deliveries,
    connections,
    maxSeconds: plan.burstSeconds * (isBurst ? 1 : 0.4),
  });
  return { ...load, cpuPer1000: ((cpuOf(system.pids()) - cpuBefore) / Math.max(1, load.acknowledged)) * 1000 };
}

const WORK_CONNECTIONS = 32;
const POLL_MS = 200;

async function workOff(system: System, plan: Plan): Promise<Worked | undefined> {
  const { completed } = system;
  if (completed === undefined) return undefined;
  const deliveries = progressDeliveries(nextRun(), plan.worked);
  const expected = eventsAmong(plan.worked);
  const before = await completed();
  const cpuBefore = cpuOf(system.pids());
  const begunAt = performance.now();
  await sendLoad({ url: system.url(), deliveries, connections: WORK_CONNECTIONS, maxSeconds: plan.workSeconds });
  let done = 0;
  while (done < expected && performance.now() - begunAt < plan.workSeconds * 1000) {
    await sleep(POLL_MS);
    done = (await completed()) - before;
  }
  const seconds = (performance.now() - begunAt) / 1000;
  const cpu = cpuOf(system.pids()) - cpuBefore;
  return {
    perSecond: done / seconds,
    missing: Math.max(0, expected - done),
    cpuPer1000: (cpu / Math.max(1, done)) * 1000,
    usage: usageOf(system.pids()),
  };
}

const QUIET_MS = 1000;

/** Until nothing more is worked off: what the burst before has left must not be counted for the next measurement. */
async function untilQuiet({ completed }: System, { quietSeconds }: Plan): Promise<void> {
  if (completed === undefined) return;
  const giveUpAt = performance.now() + quietSeconds * 1000;
  for (let last = -1, now = await completed(); now !== last && performance.now() < giveUpAt; now = await completed()) {
    last = now;
    await sleep(QUIET_MS);
  }
}
