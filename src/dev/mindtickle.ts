import { createHmac } from 'node:crypto';

interface Signable {
  readonly body: string | Buffer;
  readonly secret: string;
  /** The literal text of the timestamp header. */
  readonly timestamp: string;
}

/**
 * Sign as MindTickle does: hex HMAC-SHA256 of `<timestamp>:<body>`. Written from the contract alone, and shares no
 * line with the receiver's check: two readings that agree are worth more than one that agrees with itself.
 */
export function signDelivery({ body, secret, timestamp }: Signable): string {
  const message = Buffer.concat([Buffer.from(`${timestamp}:`, 'utf8'), Buffer.from(body)]);
  return createHmac('sha256', secret).update(message).digest('hex');
}

export interface Outgoing {
  /** The receiver's endpoint, path included. */
  readonly url: string;
  readonly secret: string;
  readonly event: string;
  readonly data: unknown;
  readonly companyId: string;
  readonly eventId: string;
  /** Signed and sent as it is; absent: now, in Unix seconds. */
  readonly timestamp?: string;
  /** Sent instead of the envelope of `event`, `data` and `companyId`. */
  readonly body?: string | Buffer;
}

const TIME_LIMIT_MS = 10_000;

/**
 * Sign one delivery, send it once, and return what the receiver said: `body` is parsed when it is JSON, else text.
 * Rejects when no answer came within 10 s. A redirect is an answer, not followed: the signature is for one receiver.
 */
export async function deliver(outgoing: Outgoing): Promise<{ readonly status: number; readonly body: unknown }> {
  const { url, secret, event, data, companyId, eventId } = outgoing;
  const timestamp = outgoing.timestamp ?? String(Math.floor(Date.now() / 1000));
  const body = outgoing.body ?? JSON.stringify({ event, data, companyId });
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-mt-webhook-signature': signDelivery({ body, secret, timestamp }),
      'x-mt-webhook-timestamp': timestamp,
      'x-mt-event-id': eventId,
    },
    body: new Uint8Array(Buffer.from(body)),
    redirect: 'manual',
    signal: AbortSignal.timeout(TIME_LIMIT_MS),
  });
  return { status: response.status, body: parsed(await response.text()) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
