import type { IncomingMessage, ServerResponse } from 'node:http';
import { SECOND } from '../domain';
import type { ReceiverSettings } from '../settings';
import { inSpan } from '../telemetry';
import type { Accept, Accepted } from './accept';
import { readBody, type BodyResult } from './body';
import type { Budget } from './admission';
import { verifyDelivery, type RawDelivery } from './verify';
import { MAX_BODY_BYTES, type Rule } from './refusals';

export interface ReceiveDeps {
  readonly settings: Pick<ReceiverSettings, 'companyId' | 'timeZone' | 'delivery'>;
  /** Newest first; called once a delivery, which keeps what it began with. */
  readonly secrets: () => readonly string[];
  readonly accept: Accept;
  /** Epoch ms. */
  readonly now: () => number;
  /** Called with the secret that signed a delivery; 0 is the newest. */
  readonly onVerified?: ((secretIndex: number) => void) | undefined;
}

/** `delivery`: what there was to look at, for the one who explains the refusal. */
export type Outcome =
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly rule: Rule; readonly delivery?: RawDelivery }
  | {
      readonly kind: 'accepted';
      readonly accepted: Kept;
      readonly workflowId: string;
      /** It cannot be acted on: it waits for a person. */
      readonly isQuarantined: boolean;
    };

type Kept = Exclude<Accepted, 'unavailable' | 'replay-limit'>;

export type Receive = (request: IncomingMessage, response: ServerResponse) => Promise<Outcome>;

/** The order of the checks is the contract's: encoding, size, then those of `verifyDelivery`, then the start. */
export function createReceive(deps: ReceiveDeps, budget: Budget): Receive {
  const { settings, secrets, accept, now, onVerified } = deps;
  const { companyId, timeZone, delivery } = settings;
  const window = {
    backMs: delivery.windowBackSeconds * SECOND,
    aheadMs: delivery.windowAheadSeconds * SECOND,
  };
  const handle = async (request: IncomingMessage, body: BodyResult): Promise<Outcome> => {
    if (body === 'gone') return { kind: 'gone' };
    if (body === 'too-large') return { kind: 'refused', rule: 'size' };
    if (body === 'overload') return { kind: 'refused', rule: 'overload' };
    const raw = rawDelivery(request, delivery, body);
    const result = verifyDelivery(raw, { secrets: secrets(), companyId, timeZone, window }, now());
    if (!result.ok) return { kind: 'refused', rule: result.fault, delivery: raw };
    onVerified?.(result.secretIndex);
    const accepted = await accept(result.verified);
    if (accepted === 'unavailable' || accepted === 'replay-limit')
      return { kind: 'refused', rule: accepted, delivery: raw };
    const { workflowId, contents } = result.verified;
    return { kind: 'accepted', accepted, workflowId, isQuarantined: contents.kind !== 'event' };
  };
  const receive: Receive = async (request, response) => {
    if (!isIdentity(request.headers['content-encoding'])) return { kind: 'refused', rule: 'encoding' };
    const slot = budget.enter(request.socket);
    if (slot === undefined) return { kind: 'refused', rule: 'overload' };
    try {
      return await handle(request, await readBody(request, response, { limit: MAX_BODY_BYTES, slot }));
    } finally {
      slot.release();
    }
  };
  return (request, response) => inSpan('delivery', () => receive(request, response), describe);
}

function describe(outcome: Outcome): string {
  if (outcome.kind === 'accepted') return outcome.accepted;
  return outcome.kind === 'refused' ? outcome.rule : outcome.kind;
}

function rawDelivery(request: IncomingMessage, names: ReceiverSettings['delivery'], rawBody: Buffer): RawDelivery {
  return {
    signature: literal(request, names.signatureHeader),
    timestamp: literal(request, names.timestampHeader),
    eventId: literal(request, names.eventIdHeader),
    rawBody,
  };
}

/** Repeated headers joined as RFC 9110 §5.3 has it: none of our three grammars has a comma, so they are malformed. */
function literal(request: IncomingMessage, name: string): string | undefined {
  const values = headerValues(request, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/**
 * Every value of a header, named in lower case. `headersDistinct` of Node before 20.20.2 writes to a prototype, or
 * throws, when a header is named `__proto__` or `constructor`; `headers` drops what is repeated.
 */
export function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [given = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (given.length === name.length && given.toLowerCase() === name) values.push(value);
  }
  return values;
}

function isIdentity(encoding: string | undefined): boolean {
  return encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity';
}
