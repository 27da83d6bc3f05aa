import { closeSync, openSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { signDelivery } from '../../src/dev/mindtickle';
import { digestOf, type Planned } from './deliveries';

/** The answer to one delivery. `unanswered`: the connection ended first, so that nobody knows whether it was accepted. */
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

/** One line of JSON an attempt, which survives a kill of this process once `add` has returned. */
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

export interface SenderOptions {
  /** Of the receiver. */
  readonly url: string;
  readonly secret: string;
  /** Kept open between deliveries. */
  readonly connections: number;
  readonly journal: Journal;
}

export interface Sender {
  /** Send once, and record the answer. Waits while nobody listens, since nothing was sent then. */
  readonly send: (planned: Planned) => Promise<Attempt>;
  readonly close: () => Promise<void>;
}

const PATH = '/webhooks/mindtickle';
/** The receiver may need 5 s for a start. */
const ANSWER_LIMIT_MS = 15_000;
const LISTEN_LIMIT_MS = 60_000;
const LISTEN_POLL_MS = 10;

/** The sender's side of the contract, over connections that stay open. */
export function createSender({ url, secret, connections, journal }: SenderOptions): Sender {
  const pool = new Pool(url, {
    connections,
    pipelining: 1,
    headersTimeout: ANSWER_LIMIT_MS,
    bodyTimeout: ANSWER_LIMIT_MS,
  });
  const sign = createSigner(secret);
  const untilListening = createProbe(url);

  const send = async (planned: Planned): Promise<Attempt> => {
    const { signature, timestamp } = sign(planned);
    const headers = {
      'content-type': 'application/json',
      'x-mt-webhook-timestamp': timestamp,
      'x-mt-event-id': planned.eventId,
      ...(planned.signature !== 'missing' && { 'x-mt-webhook-signature': signature }),
    };
    const sentAt = Date.now();
    const answer = await post(pool, headers, planned.body);
    if (answer === 'not-listening') {
      await untilListening();
      return send(planned);
    }
    const { eventId, event, body, effects } = planned;
    const attempt: Attempt = {
      eventId,
      event,
      bodyDigest: digestOf(body),
      signature: planned.signature,
      signatureDigest: digestOf(signature),
      effects,
      sentAt,
      answeredAt: answer === 'unanswered' ? null : Date.now(),
      answer,
    };
    journal.add(attempt);
    return attempt;
  };
  return { send, close: () => pool.destroy() };
}

/** Resolves when the receiver listens. Senders that wait at the same time share one probe. */
function createProbe(url: string): () => Promise<void> {
  const { port, hostname } = new URL(url);
  let asking: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    const giveUpAt = Date.now() + LISTEN_LIMIT_MS;
    while (!(await isListening(Number(port), hostname))) {
      if (Date.now() > giveUpAt) throw new Error(`nobody listened for ${LISTEN_LIMIT_MS / 1000} s`);
      await sleep(LISTEN_POLL_MS);
    }
  };
  return () => (asking ??= ask().finally(() => (asking = undefined)));
}

function isListening(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

interface Signed {
  readonly signature: string;
  readonly timestamp: string;
}

/** One signature for each `signedAs`, made when it is first needed. */
function createSigner(secret: string): (planned: Planned) => Signed {
  const made = new Map<string, Signed>();
  return ({ body, signature: kind, signedAs, eventId }) => {
    if (kind !== 'right') {
      const timestamp = String(Date.now());
      return { timestamp, signature: signDelivery({ body, secret: `not the ${eventId}`, timestamp }) };
    }
    const known = made.get(signedAs);
    if (known !== undefined) return known;
    const timestamp = String(Date.now());
    const signed = { timestamp, signature: signDelivery({ body, secret, timestamp }) };
    made.set(signedAs, signed);
    return signed;
  };
}

async function post(pool: Pool, headers: Record<string, string>, body: string): Promise<Answer | 'not-listening'> {
  try {
    const response = await pool.request({ path: PATH, method: 'POST', headers, body });
    const text = await response.body.text();
    return read(response.statusCode, text);
  } catch (error) {
    return (error as { code?: string }).code === 'ECONNREFUSED' ? 'not-listening' : 'unanswered';
  }
}

function read(status: number, text: string): Answer {
  if (status !== 200) return { status };
  const { duplicate, spooled, workflowId } = JSON.parse(text) as Record<string, unknown>;
  return {
    status,
    ...(typeof duplicate === 'boolean' && { duplicate }),
    ...(typeof spooled === 'boolean' && { spooled }),
    ...(typeof workflowId === 'string' && { workflowId }),
  };
}
