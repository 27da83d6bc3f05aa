export interface Pause {
  /** Wait, longer each time until `over`; then `resume` is called. While one runs nothing changes. */
  readonly begin: () => void;
  readonly over: () => void;
  /** From the first `begin` until `over`. */
  readonly isOn: () => boolean;
  /** The timer runs. */
  readonly isWaiting: () => boolean;
  readonly stop: () => void;
}

const FIRST_MS = 100;
const LONGEST_MS = 2000;

/** Backing off, with jitter, for as long as nothing passes. */
export function createPause(resume: () => void): Pause {
  let ms = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    if (timer !== undefined) return;
    ms = Math.min(LONGEST_MS, Math.max(FIRST_MS, ms * 2));
    timer = setTimeout(
      () => {
        timer = undefined;
        resume();
      },
      ms * (0.8 + 0.4 * Math.random()),
    );
  };
  return {
    begin,
    over: () => {
      ms = 0;
    },
    isOn: () => ms > 0,
    isWaiting: () => timer !== undefined,
    stop: () => clearTimeout(timer),
  };
}
