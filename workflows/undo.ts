/** What has to be taken back when a process is cancelled: registered before the step runs, run in reverse order. */
export interface Undo {
  readonly step: string;
  readonly run: () => Promise<unknown>;
}

export interface UndoStack {
  /** Register before the step: a step that was cut off may have happened. The undo must bear that it never did. */
  readonly push: (undo: Undo) => void;
  /** Take the last one off. */
  readonly pop: () => Undo | undefined;
  readonly clear: () => void;
}

export function createUndoStack(): UndoStack {
  const stack: Undo[] = [];
  return {
    push: (undo) => void stack.push(undo),
    pop: () => stack.pop(),
    clear: () => void stack.splice(0),
  };
}
