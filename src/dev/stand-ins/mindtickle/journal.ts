/** What became of one event at one webhook. `given up`: after the last retry; `not sent`: suspended, or not subscribed to. */
export type Outcome = 'delivered' | 'given up' | 'not sent';

/** What the sender did, a line each. */
export type JournalLine =
  | {
      readonly kind: 'attempt';
      readonly eventId: string;
      readonly webhookId: string;
      /** ISO 8601. */
      readonly at: string;
      /** Null: no answer. */
      readonly status: number | null;
      /** Until the answer. */
      readonly ms: number;
      /** Parsed where it is JSON. */
      readonly answer: unknown;
    }
  | {
      readonly kind: 'end';
      readonly eventId: string;
      readonly webhookId: string;
      readonly outcome: Outcome;
    };

export interface Journal {
  readonly add: (line: JournalLine) => void;
  /** The lines from this position on, and the position of what comes after them. */
  readonly from: (position: number) => { readonly lines: readonly JournalLine[]; readonly next: number };
}

/** More than any simulation writes; it is in memory. */
const LINES_KEPT = 100_000;

export function createJournal(): Journal {
  let lines: JournalLine[] = [];
  let dropped = 0;
  return {
    add: (line) => {
      lines.push(line);
      if (lines.length < 2 * LINES_KEPT) return;
      dropped += lines.length - LINES_KEPT;
      lines = lines.slice(-LINES_KEPT);
    },
    from: (position) => ({ lines: lines.slice(Math.max(0, position - dropped)), next: dropped + lines.length }),
  };
}
