import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Accepted } from '../../src/receiver/accept/accept';
import { createCappedLog, createLogger } from '../../src/telemetry';
import { createReceiver, type ReceiverDeps } from '../../src/receiver/server';
import { HOUR } from '../../src/domain';
import { verifyDelivery, type VerifiedDelivery } from '../../src/receiver/verify/delivery';
import { signDelivery } from '../../src/dev/mindtickle';
import { converse, requestBytes, type Answer, type HeaderList } from './raw-http';

export const NOW = Date.parse('2026-11-23T09:00:00Z');
export const SECRET = 'whsec_test';
export const COMPANY = 'acme';

export const COURSE = {
  userId: 'mt-rita',
  courseName: 'Sales Basics',
  courseId: 'c-1',
  score: 92,
  completedAt: '2026-11-23T08:00:00Z',
};
export const BODY = JSON.stringify({ event: 'course.completed', data: COURSE, companyId: COMPANY });

export const settings: ReceiverDeps['settings'] = {
  timeZone: 'UTC',
  companyId: COMPANY,
  trustProxy: 0,
  delivery: {
    signatureHeader: 'x-mt-webhook-signature',
    timestampHeader: 'x-mt-webhook-timestamp',
    eventIdHeader: 'x-mt-event-id',
    windowBackSeconds: 8 * 3600,
    windowAheadSeconds: 300,
  },
};

export interface Running {
  readonly port: number;
  /** What was handed on. */
  readonly received: VerifiedDelivery[];
  readonly close: () => Promise<void>;
}

/** A receiver on a free port. It takes everything, unless `accept` says otherwise. */
export async function startReceiver(changes: Partial<ReceiverDeps> = {}): Promise<Running> {
  const received: VerifiedDelivery[] = [];
  const { accept = (): Promise<Accepted> => Promise.resolve('started') } = changes;
  const { server, close } = createReceiver({
    settings,
    secrets: () => [SECRET],
    readiness: () => Promise.resolve({ ready: true, temporal: 'ok', spool: null, warnings: [] }),
    log: createCappedLog(createLogger('test', 'silent'), () => NOW),
    now: () => NOW,
    ...changes,
    accept: (each) => {
      received.push(each);
      return accept(each);
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, received, close };
}

interface Sendable {
  readonly body?: string | Buffer;
  readonly timestamp?: string;
  readonly secret?: string;
  readonly eventId?: string;
}

/** The three headers of a delivery, rightly signed. */
export function signedHeaders({
  body = BODY,
  timestamp = String(NOW / 1000),
  secret = SECRET,
  eventId = 'evt-1',
}: Sendable = {}): [string, string][] {
  return [
    ['x-mt-webhook-signature', signDelivery({ body, secret, timestamp })],
    ['x-mt-webhook-timestamp', timestamp],
    ['x-mt-event-id', eventId],
  ];
}

export const lengthOf = (body: string | Buffer): [string, string] => [
  'Content-Length',
  String(Buffer.byteLength(body)),
];

/** Send one request on a connection of its own, and hang up after the answer. */
export async function send(
  port: number,
  headers: HeaderList,
  body: string | Buffer = BODY,
  line?: string,
): Promise<Answer> {
  const conversation = converse(port);
  conversation.write(requestBytes([...headers, lengthOf(body)], body, line));
  const answer = await conversation.next();
  conversation.socket.destroy();
  return answer;
}

/** Send one rightly signed delivery. */
export const deliver = (port: number, sendable: Sendable = {}): Promise<Answer> =>
  send(port, signedHeaders(sendable), sendable.body);

/** One rightly signed delivery, as the receiver hands it on. */
export function authentic(body: string | Buffer, eventId: string): VerifiedDelivery {
  const timestamp = String(NOW);
  const raw = {
    timestamp,
    signature: signDelivery({ body, secret: SECRET, timestamp }),
    eventId,
    rawBody: Buffer.from(body),
  };
  const window = { backMs: HOUR, aheadMs: HOUR };
  const result = verifyDelivery(raw, { secrets: [SECRET], companyId: COMPANY, window }, NOW);
  if (!result.ok) throw new Error(result.fault);
  return result.verified;
}
