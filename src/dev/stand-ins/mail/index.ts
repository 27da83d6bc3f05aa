import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope, type SMTPServerSession } from 'smtp-server';
import { z } from 'zod';
import { latencyOf, type Fault } from '../faults';
import { html, type Html } from '../html';
import { readMessage, type MessageText } from './message';
import { entry } from '../page-parts';
import type { ListeningStandIn, World } from '../stand-in';
import type { Held } from '../store';

const messageSchema = z.object({
  messageId: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  /** When the first copy came. */
  at: z.string(),
  /** How often a message of this id was accepted. */
  copies: z.int(),
});
const mailSchema = z.object({ messages: z.array(messageSchema) });

export type MailState = z.infer<typeof mailSchema>;
type Message = z.infer<typeof messageSchema>;

/** What the client hears after its message; or would have, had the connection not been cut. */
interface Reply {
  readonly status: number;
  readonly text: string;
  readonly cut: boolean;
}

const SIZE_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * A mail server (RFC 5321), without TLS; any login is taken, none is needed. It is the mailbox too, and keeps one
 * message a Message-ID, as Exchange, Gmail and Cyrus do: a further one adds to `copies`. Each message is a call
 * `SEND`, with the reply's code as its status.
 */
export function mail(world: World): ListeningStandIn<MailState> {
  const { store, faults, log } = world;
  const held = store.hold<MailState>('mail', mailSchema, () => ({ messages: [] }));
  // The session does not tell its socket; their ports pair them.
  const sockets = new Map<number, Socket>();

  const smtp = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: SIZE_LIMIT_BYTES,
    rejectOversized: true,
    logger: false,
    onAuth: (auth, _session, callback) => callback(null, { user: auth.username ?? 'anyone' }),
    onData: (stream, session, callback) => {
      receive(world, held, stream, session)
        .then((reply) => {
          if (reply.cut) sockets.get(session.remotePort)?.destroy();
          else if (reply.status === 250) callback(null, reply.text);
          else callback(Object.assign(new Error(reply.text), { responseCode: reply.status }));
        })
        // The client left in the middle of its message, or the stand-ins stop.
        .catch((error: unknown) => {
          log.debug({ err: error }, 'a message was not received');
          sockets.get(session.remotePort)?.destroy();
        });
    },
  });
  smtp.on('error', (error) => log.debug({ err: error }, 'an SMTP connection failed'));

  const listener = createServer((socket) => {
    if (faults.current('mail').mode === 'down') {
      faults.take('mail');
      store.record({ system: 'mail', method: 'CONNECT', path: '', status: 0 });
      socket.destroy();
      return;
    }
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once('close', () => {
      if (sockets.get(port) === socket) sockets.delete(port);
    });
    smtp.connect(socket);
  });

  return {
    state: held.read,
    show: () => show(held.read().messages),
    listen: async (port) => {
      listener.listen(port, '127.0.0.1');
      await once(listener, 'listening');
      return `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    },
    stop: async () => {
      for (const socket of sockets.values()) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}

async function receive(
  { store, faults, wait, now }: World,
  held: Held<MailState>,
  stream: SMTPServerDataStream,
  { envelope }: SMTPServerSession,
): Promise<Reply> {
  const message = messageOf(readMessage(await buffer(stream)), envelope, now());
  const fault = faults.take('mail');
  if (latencyOf(fault) > 0) await wait(latencyOf(fault));
  const reply = stream.sizeExceeded ? { status: 552, text: 'Message too big', cut: false } : replyUnder(fault);
  if (reply.status === 250) keep(held, message);
  store.record({ system: 'mail', method: 'SEND', path: message.messageId, status: reply.status });
  return reply;
}

function messageOf(read: MessageText, { mailFrom, rcptTo }: SMTPServerEnvelope, now: Date): Message {
  return {
    ...read,
    messageId: read.messageId ?? `<${randomUUID()}@localhost>`,
    from: read.from ?? (mailFrom === false ? '' : mailFrom.address),
    to: read.to.length > 0 ? read.to : rcptTo.map(({ address }) => address),
    at: now.toISOString(),
    copies: 1,
  };
}

function replyUnder(fault: Fault): Reply {
  switch (fault.mode) {
    case 'down':
      return { status: 0, text: '', cut: true };
    case 'rate-limit':
      return { status: 451, text: '4.7.1 Too many messages, try again later', cut: false };
    case 'error': {
      const status = fault.status ?? 451;
      return { status, text: `${status >= 500 ? '5.7.1' : '4.3.0'} The fault switch is on`, cut: false };
    }
    case 'ok':
    case 'slow':
    case 'lost-response':
      return { status: 250, text: 'OK: kept', cut: fault.mode === 'lost-response' };
  }
}

function keep(held: Held<MailState>, message: Message): void {
  const { messages } = held.read();
  const known = messages.find(({ messageId }) => messageId === message.messageId);
  held.write({
    messages:
      known === undefined
        ? [...messages, message]
        : messages.map((one) => (one === known ? { ...one, copies: one.copies + 1 } : one)),
  });
}

function show(messages: readonly Message[]): Html {
  if (messages.length === 0) return html`<p class="none">No mail yet.</p>`;
  return html`${[...messages].reverse().map(({ messageId, subject, to, from, at, copies, text }) =>
    entry({
      key: messageId,
      title: subject,
      about: [`to ${to.join(', ')} · from ${from}`, copies > 1 ? `${at} · ${copies} copies` : at],
      text,
    }),
  )}`;
}
