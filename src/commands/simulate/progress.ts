/** What goes on, on one line of a terminal that is written again and again; elsewhere the notes alone, a line each. */
export interface Progress {
  readonly show: (line: string) => void;
  /** Something that stays. */
  readonly note: (what: string) => void;
  readonly notes: () => readonly { readonly at: string; readonly what: string }[];
  /** Clears the line. */
  readonly end: () => void;
}

const START_OF_LINE = '\r\u001B[2K';

export function createProgress(isLive: boolean, out: NodeJS.WriteStream = process.stderr): Progress {
  const notes: { at: string; what: string }[] = [];
  let isShown = false;
  const end = (): void => {
    if (isShown) out.write(START_OF_LINE);
    isShown = false;
  };
  return {
    show: (line) => {
      if (!isLive) return;
      // A line that wraps cannot be cleared.
      out.write(`${START_OF_LINE}${line.slice(0, (out.columns || 80) - 1)}`);
      isShown = true;
    },
    note: (what) => {
      end();
      notes.push({ at: new Date().toISOString(), what });
      out.write(`${what}\n`);
    },
    notes: () => notes,
    end,
  };
}
