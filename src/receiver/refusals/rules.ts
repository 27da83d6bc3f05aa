import type { VerifyFault } from '../verify';

/** Each way to be refused. */
export type Rule =
  | VerifyFault
  | 'path'
  | 'method'
  | 'encoding'
  | 'size'
  | 'request'
  | 'request-time'
  | 'request-headers'
  | 'replay-limit'
  | 'overload'
  | 'unavailable'
  | 'failure';

export interface RefusalAnswer {
  readonly status: number;
  readonly title: string;
  /** The likely cause, for whoever reads the sender's log; never a value of the request. */
  readonly detail: string;
  /** `error`: authentic, so a person has to look at the first one. */
  readonly level: 'info' | 'warn' | 'error';
}

/** Sent with every 503 and 429: the sender's own ladder begins at 5 min, a proxy or a script may come sooner. Seconds. */
export const RETRY_AFTER_SECONDS = 30;

export const MAX_BODY_BYTES = 1_048_576;

/** The one table from a rule to its answer. */
export const refusals: Readonly<Record<Rule, RefusalAnswer>> = {
  missing: refusal(401, 'Missing signature', 'The signature header or the timestamp header is absent or empty.'),
  malformed: refusal(
    403,
    'Invalid signature',
    'The signature is not 64 hex digits, a header is repeated, or the timestamp is in no format that we know.',
  ),
  mismatch: refusal(
    403,
    'Invalid signature',
    'The signature does not fit the timestamp and the body: the signing secret was changed, or something on the way changed the bytes.',
  ),
  stale: refusal(
    403,
    'Invalid signature',
    'The signature is right, but its timestamp is too far from now: an old delivery sent again, or a clock that is wrong.',
    'warn',
  ),
  'event-id': refusal(
    400,
    'Missing or malformed event id',
    'The event id header has to be there once, with 1 to 128 letters, digits, dots, underscores or hyphens.',
    'error',
  ),
  company: refusal(
    403,
    'Unknown company',
    'The delivery is signed, but its companyId is not the one we serve.',
    'warn',
  ),
  path: refusal(404, 'Not Found', 'There is nothing here: deliveries go to POST /webhooks/mindtickle.'),
  method: refusal(405, 'Method Not Allowed', 'The Allow header says which methods this address takes.'),
  encoding: refusal(
    415,
    'Unsupported Media Type',
    'The bytes as sent are what is signed: send the body without a Content-Encoding.',
  ),
  size: refusal(413, 'Content Too Large', `A body may have ${MAX_BODY_BYTES} bytes.`),
  request: refusal(400, 'Bad Request', 'The request is not well-formed HTTP/1.1.'),
  'request-time': refusal(408, 'Request Timeout', 'The request did not arrive in time.'),
  'request-headers': refusal(
    431,
    'Request Header Fields Too Large',
    'The request line and headers are too large, or too many.',
  ),
  'replay-limit': refusal(
    429,
    'Too Many Requests',
    'The same signed delivery came under too many event ids: one delivery that is sent again and again.',
    'error',
  ),
  overload: refusal(
    503,
    'Service Unavailable',
    'More is being received than there is memory for: send it again later.',
    'warn',
  ),
  unavailable: refusal(503, 'Service Unavailable', 'The event could not be stored now: send it again later.', 'warn'),
  failure: refusal(503, 'Service Unavailable', 'The delivery could not be handled now: send it again later.', 'error'),
};

function refusal(status: number, title: string, detail: string, level: RefusalAnswer['level'] = 'info'): RefusalAnswer {
  return { status, title, detail, level };
}
