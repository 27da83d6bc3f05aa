import { closeSync, openSync, writeSync } from 'node:fs';

/** What one delivery was answered. `unanswered`: the connection ended without, so that nobody knows what became of it. */
export type Answer =
  | 'unanswered'
  | {
      readonly status: number;
      /** Fields of a 200's body. */
      readonly duplicate?: boolean;
      readonly spooled?: boolean;
      readonly workflowId?: string;
    };

/** One delivery as it was sent, and its answer. */
export interface Attempt {
  readonly eventId: string;
  /** Of the envelope; null: the body has none to read. */
  readonly event: string | null;
  /** SHA-256, hex. */
  readonly bodyDigest: string;
  readonly signature: 'right' | 'wrong' | 'missing';
  /** SHA-256 of the signature that was sent, hex: equal for a delivery and its replays. */
  readonly signatureDigest: string;
  /** Natural keys of what this event makes downstream when it runs. */
  readonly effects: readonly string[];
  /** Epoch ms. */
  readonly sentAt: number;
  /** Null: unanswered. */
  readonly answeredAt: number | null;
  readonly answer: Answer;
}

export interface Journal {
  readonly add: (attempt: Attempt) => void;
  /** In the order in which they were answered. */
  readonly attempts: () => readonly Attempt[];
  readonly close: () => void;
}

/** One line of JSON an attempt. A line is with the kernel when `add` returns, so that it outlives a kill of this process. */
export function openJournal(path: string): Journal {
  const file = openSync(path, 'a', 0o600);
  const attempts: Attempt[] = [];
  return {
    add: (attempt) => {
      writeSync(file, `${JSON.stringify(attempt)}\n`);
      attempts.push(attempt);
    },
    attempts: () => attempts,
    close: () => closeSync(file),
  };
}
