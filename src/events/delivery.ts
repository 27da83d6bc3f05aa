/** Why an authentic delivery could not be read: what a person sees on its `quarantine` workflow. Never a value of the payload. */
export interface Problem {
  readonly kind: 'not-json' | 'no-envelope' | 'no-company' | 'unknown-event' | 'data-does-not-fit' | 'conflict';
  /** One sentence; names fields, never values. */
  readonly detail: string;
}

/** One verified delivery, as its workflow gets it (first argument). The second argument is the body as it came. */
export interface Delivery {
  readonly eventId: string;
  /** `event` of the envelope; null when there is none to read. */
  readonly event: string | null;
  /** When it was signed, ISO 8601. */
  readonly signedAt: string;
  /** When we took it, ISO 8601. */
  readonly receivedAt: string;
  /** SHA-256 of the decoded HMAC bytes, hex: shows a replay under another id without keeping a signature. */
  readonly signatureDigest: string;
  /** SHA-256 of the body's bytes, hex. */
  readonly bodyDigest: string;
  readonly problem?: Problem;
  /** It came out of quarantine: why it was there, who ran it, and which fields they corrected. */
  readonly redriven?: { readonly by: string; readonly corrected: readonly string[]; readonly problem: string };
}

/** The delivery of an event that was read. */
export interface EventDelivery<Data = unknown> extends Delivery {
  /** What the workflow goes by: the fields that we know, checked, times as ISO 8601 in UTC. */
  readonly data: Data;
  /** Names of the fields that came, could not be read, and are not needed. */
  readonly unread?: readonly string[];
}

/** What MindTickle puts around every event. Fields beyond these are kept: the body travels as it came. */
export interface Envelope<Data = unknown> {
  readonly event: string;
  readonly data: Data;
  readonly companyId: string;
}

/** A quarantined body that can be read after all: the workflow that it belongs to, and what that workflow gets. */
export interface Reread {
  readonly workflowType: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly userId: string };
  readonly unread?: readonly string[];
}

/** Reads an envelope again, of a delivery that was signed at `signedAt` (ISO 8601). `refused` is a sentence that names fields, never values. */
export type Rereader = (envelope: unknown, signedAt: string) => Reread | { readonly refused: string };
