import { SECOND } from '../../domain';

/** Whether more comes than Temporal takes, or a leaver is being worked on, and for how long that has been so. */
export interface Burst {
  readonly isOn: boolean;
  /** Starts a second that Temporal took when this burst began. */
  readonly takenPerSecond: number;
  /** How long the drain still steps back for a leaver, in ms. */
  readonly urgentMs: number;
  /** How long the drain has stepped back, in ms. It falls as fast while there is no burst. */
  readonly heldMs: number;
}

/** What happened in some ms: records that came into the spool, and starts that were answered. */
export interface Window {
  readonly ms: number;
  readonly arrived: number;
  readonly taken: number;
  /** A leaver was started. */
  readonly urgent: boolean;
}

export const NO_BURST: Burst = { isOn: false, takenPerSecond: 0, urgentMs: 0, heldMs: 0 };

/** A few arrivals cost the machine nothing that the drain could give them. */
const MIN_PER_SECOND = 100;
/** So much more than is taken: an engine that nearly keeps up is not slowed down. */
const EXCESS = 2;
/** So long the drain steps back, and then its share doubles at each step. */
const HOLD_MS = 10 * SECOND;
const STEP_MS = 2 * SECOND;
const BURST_INTERVAL_MS = 250;
const STEPS = 4;
/** A leaver's access ends in a dozen steps, which wait for each other and for whatever else the engine does. */
const URGENT_MS = 3 * SECOND;
const URGENT_INTERVAL_MS = 50;
const MAX_HELD_MS = HOLD_MS + STEPS * STEP_MS;

/**
 * The burst after one more window. It begins in a window in which the drain had its full share and Temporal took less
 * than half of what came; it is over as soon as no more comes than Temporal took then. What Temporal takes while the
 * drain steps back says nothing about it.
 */
export function observe(burst: Burst, { ms, arrived, taken, urgent }: Window): Burst {
  const [arrivedPerSecond, takenPerSecond] = [(arrived * SECOND) / ms, (taken * SECOND) / ms];
  const isHeld = burst.isOn || burst.urgentMs > 0;
  const next = {
    urgentMs: urgent ? URGENT_MS : Math.max(0, burst.urgentMs - ms),
    heldMs: Math.min(MAX_HELD_MS, Math.max(0, burst.heldMs + (isHeld ? ms : -ms))),
  };
  if (burst.isOn && arrivedPerSecond > Math.max(MIN_PER_SECOND, burst.takenPerSecond)) return { ...burst, ...next };
  const isOn = !isHeld && arrivedPerSecond > Math.max(MIN_PER_SECOND, EXCESS * takenPerSecond);
  return { ...next, isOn, takenPerSecond };
}

/**
 * The shortest time between two starts, in ms; 0: as many as there are slots. A start costs the engine a hundred times
 * what its delivery costs the receiver, so that on one machine even one at a time takes most of it away (measured). A
 * burst without an end gets there too, in some seconds.
 */
export function startInterval({ isOn, urgentMs, heldMs }: Burst): number {
  if ((!isOn && urgentMs === 0) || heldMs >= MAX_HELD_MS) return 0;
  return (isOn ? BURST_INTERVAL_MS : URGENT_INTERVAL_MS) / 2 ** Math.max(0, Math.ceil((heldMs - HOLD_MS) / STEP_MS));
}

export interface GiveWay {
  /** A record has come into the spool. */
  readonly arrived: () => void;
  readonly taken: () => void;
  /** Whether one more start may begin now. After a no, `resume` is called when it may be a yes. */
  readonly mayBegin: () => boolean;
  readonly began: () => void;
  /** A leaver was started: for some seconds little else is. */
  readonly beganUrgent: () => void;
  readonly stop: () => void;
}

const WINDOW_MS = 100;

/** `now`: a clock in ms, which need not know the date. */
export function createGiveWay(resume: () => void, now = (): number => performance.now()): GiveWay {
  let burst = NO_BURST;
  let begunAt = now();
  let [arrived, taken] = [0, 0];
  let urgent = false;
  let lastStartAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    const ms = now() - begunAt;
    if (ms < WINDOW_MS) return;
    burst = observe(burst, { ms, arrived, taken, urgent });
    begunAt += ms;
    [arrived, taken] = [0, 0];
    urgent = false;
  };
  const resumeLater = (ms: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      resume();
    }, ms);
  };
  return {
    arrived: () => {
      look();
      arrived += 1;
    },
    taken: () => void (taken += 1),
    mayBegin: () => {
      look();
      const waitMs = lastStartAt + startInterval(burst) - now();
      // The burst may be over before that.
      if (waitMs > 0) resumeLater(Math.min(waitMs, WINDOW_MS));
      return waitMs <= 0;
    },
    began: () => void (lastStartAt = now()),
    beganUrgent: () => void (urgent = true),
    stop: () => clearTimeout(timer),
  };
}
