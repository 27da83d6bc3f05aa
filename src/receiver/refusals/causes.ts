/** Why a delivery was likely refused. Kept in the ledger and counted by: a published name never changes. */
export type Cause =
  | 'headers-missing'
  | 'signature-missing'
  | 'timestamp-missing'
  | 'header-repeated'
  | 'signature-malformed'
  | 'signature-recoded'
  | 'other-algorithm'
  | 'other-template'
  | 'secret-unknown'
  | 'secret-retired'
  | 'secret-recoded'
  | 'body-reserialised'
  | 'body-recoded'
  | 'body-lost'
  | 'timestamp-rewritten'
  | 'timestamp-unreadable'
  | 'clock-skew'
  | 'old-delivery'
  | 'event-id-missing'
  | 'event-id-malformed'
  | 'company-unknown'
  | 'company-spelling'
  | 'encoding'
  | 'size';

/** A cause, and which of its forms it was; never a value of the delivery. */
export interface Finding {
  readonly cause: Cause;
  readonly how?: string | undefined;
}

interface Explanation {
  /** What is the case. */
  readonly what: string;
  /** What to do about it. */
  readonly todo: string;
}

const HAND_ON_BYTES =
  'let the bytes through as they came, with no body parser, rewriting proxy or decompression between the sender and the receiver.';

const explanations: Readonly<Record<Cause, Explanation>> = {
  'headers-missing': {
    what: 'the signature header and the timestamp header are both absent or empty',
    todo: 'see whether this is a delivery of MindTickle at all, and whether a proxy drops headers that it does not know.',
  },
  'signature-missing': {
    what: 'the signature header is absent or empty',
    todo: 'see that the webhook has a signing secret at MindTickle, and that no proxy drops the header.',
  },
  'timestamp-missing': {
    what: 'the timestamp header is absent or empty',
    todo: 'see that no proxy drops the header, and that `delivery.timestampHeader` names the right one.',
  },
  'header-repeated': {
    what: 'a header came more than once, or with several values',
    todo: 'find what adds the second one: a proxy that copies headers, or two in a row.',
  },
  'signature-malformed': {
    what: 'the signature is not 64 hex digits, and no other way of writing ours fits it',
    todo: 'compare how the sender writes it with the contract: hex HMAC-SHA256 of `<timestamp>:<body>`.',
  },
  'signature-recoded': {
    what: 'the signature is right, but it is not written as 64 hex digits only',
    todo: 'have whoever signs write plain hex, or see what rewrites the header on the way.',
  },
  'other-algorithm': {
    what: 'the signature is right for another hash than SHA-256',
    todo: 'have whoever signs use HMAC-SHA256.',
  },
  'other-template': {
    what: 'the right secret signed something else than `<timestamp>:<body>`',
    todo: 'have whoever signs join the literal timestamp, a colon and the body.',
  },
  'secret-unknown': {
    what: 'no known secret fits, and no usual change of body, timestamp, secret or signature explains it',
    todo: 'if the secret was rotated at MindTickle, put the new one first in MINDTICKLE_WEBHOOK_SECRET; else a stranger signed it, or the body was changed in a way that is not tried.',
  },
  'secret-retired': {
    what: 'it is signed with a secret that is no longer accepted',
    todo: 'if the sender has not taken up the new secret yet, accept the old one for a while: add it behind the new one in MINDTICKLE_WEBHOOK_SECRET.',
  },
  'secret-recoded': {
    what: 'our secret fits once it is written in another way',
    todo: 'fix MINDTICKLE_WEBHOOK_SECRET, or the secret at the sender, so that both are the same characters.',
  },
  'body-reserialised': {
    what: 'the body was written anew after it was signed',
    todo: HAND_ON_BYTES,
  },
  'body-recoded': {
    what: 'the body was put into another encoding after it was signed',
    todo: HAND_ON_BYTES,
  },
  'body-lost': {
    what: 'the signature does not fit, and there is no body left that it could fit',
    todo: 'see what reads the body before it is handed on, such as a body parser; only then doubt the secret.',
  },
  'timestamp-rewritten': {
    what: 'the timestamp header says the same moment otherwise than it was signed',
    todo: 'have the header hold the literal text that was signed.',
  },
  'timestamp-unreadable': {
    what: 'the signature is right, but the timestamp is in no format that we know',
    todo: 'have whoever signs write Unix seconds, Unix milliseconds or ISO 8601 with a time.',
  },
  'clock-skew': {
    what: 'the signature is right, but its time is outside the window',
    todo: "compare this machine's clock and the sender's with NTP; a retry that is not signed again needs `delivery.windowBackSeconds` of 28800.",
  },
  'old-delivery': {
    what: "the signature is right, but older than the sender's last retry",
    todo: 'find who sends an old delivery again; if nobody does, compare both clocks with NTP. To judge an old capture at its own time: `mt verify --now`.',
  },
  'event-id-missing': {
    what: 'the delivery is authentic, but the event id header is absent or empty',
    todo: 'see that no proxy drops the header, and that `delivery.eventIdHeader` names the right one.',
  },
  'event-id-malformed': {
    what: 'the delivery is authentic, but its event id is not 1 to 128 letters, digits, dots, underscores or hyphens',
    todo: 'see what rewrites the header; if MindTickle now writes ids so, this receiver has to learn it.',
  },
  'company-unknown': {
    what: 'the delivery is authentic, but for another company',
    todo: 'see that MINDTICKLE_COMPANY_ID is ours, and that the other company has a secret and a receiver of its own.',
  },
  'company-spelling': {
    what: 'the company is ours, but for case or white space',
    todo: 'write MINDTICKLE_COMPANY_ID exactly as MindTickle does.',
  },
  encoding: {
    what: 'the body came with a Content-Encoding',
    todo: 'have the sender, or the proxy in front, send it uncompressed.',
  },
  size: {
    what: 'the body is larger than 1 MiB',
    todo: 'see whether this is a delivery of MindTickle: its events are some hundred bytes.',
  },
};

/** One sentence for a person: what is the case, and what to do about it. */
export function explainCause({ cause, how }: Finding): string {
  const { what, todo } = explanations[cause];
  return `${capitalised(what)}${how === undefined ? '' : ` (${how})`}: ${todo}`;
}

/** What to do about a cause, as a sentence; undefined: it is none of ours. */
export function adviseOn(cause: string): string | undefined {
  return Object.hasOwn(explanations, cause) ? capitalised(explanations[cause as Cause].todo) : undefined;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
