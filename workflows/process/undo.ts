import type { Person } from '../../activities';

/** How a write is taken back: the system puts things as they were before the step. `does`: what, for Temporal Web UI. */
export interface TakeBack {
  /** Absent: the identity provider. */
  readonly system?: 'salesforce' | 'slack';
  readonly does: string;
  readonly person: Person;
  /** Leave (or give back) only when no other open workflow of this kind needs it so. */
  readonly unlessOpen: string | null;
}

/**
 * What has to be taken back when a process is cancelled: registered before the step runs, run in reverse order. Plain
 * data, since a process that continues in a new run takes it along.
 */
export interface Undo extends TakeBack {
  readonly step: string;
}

export interface UndoStack {
  /** Register before the step: a step that was cut off may have happened. The undo must bear that it never did. */
  readonly push: (undo: Undo) => void;
  /** Take the last one off. */
  readonly pop: () => Undo | undefined;
  readonly kept: () => readonly Undo[];
}

export function createUndoStack(kept: readonly Undo[] = []): UndoStack {
  const stack = [...kept];
  return {
    push: (undo) => void stack.push(undo),
    pop: () => stack.pop(),
    kept: () => [...stack],
  };
}
