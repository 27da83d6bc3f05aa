import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime, { type Address } from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope } from 'smtp-server';
import { z } from 'zod';
import { latencyOf, type Fault } from '../faults';
import { messages } from '../html';
import type { Stored } from '../store';
import type { ListeningStandIn, SystemContext } from '../system';

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
const mailboxSchema = z.object({ messages: z.array(messageSchema) });

type Mailbox = z.infer<typeof mailboxSchema>;
type Message = z.infer<typeof messageSchema>;

/** What the client gets after its message; or would have, had the connection not been cut. */
interface Reply {
  readonly status: number;
  readonly text: string;
  readonly isCut: boolean;
}

const SIZE_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * A mail server (RFC 5321), without TLS; any login is accepted, none is needed. It is the mailbox too, and keeps one
 * message a Message-ID, as Exchange, Gmail and Cyrus do: a further one adds to `copies`. Each message is a call
 * `SEND`, with the reply's code as its status.
 */
export function mail(context: SystemContext): ListeningStandIn<Mailbox> {
  const { log } = context;
  const mailbox = context.open<Mailbox>(mailboxSchema, () => ({ messages: [] }));
  // The session does not name its socket; their ports pair them.
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
    onData: (stream, { envelope, remotePort }, callback) => {
      receive(context, mailbox, stream, envelope)
        .then((reply) => {
          if (reply.isCut) sockets.get(remotePort)?.destroy();
          else if (reply.status === 250) callback(null, reply.text);
          else callback(Object.assign(new Error(reply.text), { responseCode: reply.status }));
        })
        // The client left in the middle of its message, or the stand-ins stop.
        .catch((error: unknown) => {
          log.debug({ err: error }, 'a message was not received');
          sockets.get(remotePort)?.destroy();
        });
    },
  });
  smtp.on('error', (error) => log.debug({ err: error }, 'an SMTP connection failed'));

  const listener = listenerOf(smtp, sockets, context);

  return {
    state: mailbox.read,
    card: () =>
      messages(
        mailbox.read().messages.map(({ messageId, subject, to, from, at, copies, text }) => ({
          key: messageId,
          title: subject,
          about: [`to ${to.join(', ')} · from ${from}`, copies > 1 ? `${at} · ${copies} copies` : at],
          text,
        })),
      ),
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

function listenerOf(smtp: SMTPServer, sockets: Map<number, Socket>, { fault, record }: SystemContext): Server {
  return createServer((socket) => {
    if (fault.current().mode === 'down') {
      fault.take();
      record({ method: 'CONNECT', path: '', status: 0 });
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
}

async function receive(
  { fault: faultSwitch, wait, now, record }: SystemContext,
  mailbox: Stored<Mailbox>,
  stream: SMTPServerDataStream,
  envelope: SMTPServerEnvelope,
): Promise<Reply> {
  const message = await messageOf(await buffer(stream), envelope, now());
  const fault = faultSwitch.take();
  if (latencyOf(fault) > 0) await wait(latencyOf(fault));
  const reply = stream.sizeExceeded ? { status: 552, text: 'Message too big', isCut: false } : replyUnder(fault);
  if (reply.status === 250) keep(mailbox, message);
  record({ method: 'SEND', path: message.messageId, status: reply.status });
  return reply;
}

/** What an e-mail says, as far as a person reads it: its plain text, else its HTML. The envelope fills in what it lacks. */
async function messageOf(raw: Buffer, { mailFrom, rcptTo }: SMTPServerEnvelope, now: Date): Promise<Message> {
  const { messageId, from, to = [], subject = '', text, html } = await PostalMime.parse(raw);
  const [sender = mailFrom === false ? '' : mailFrom.address] = from === undefined ? [] : addressesIn(from);
  const named = to.flatMap(addressesIn);
  return {
    messageId: messageId ?? `<${randomUUID()}@localhost>`,
    from: sender,
    to: named.length > 0 ? named : rcptTo.map(({ address }) => address),
    subject,
    text: (text ?? html ?? '').replace(/\r\n/g, '\n').replace(/\n$/, ''),
    at: now.toISOString(),
    copies: 1,
  };
}

function addressesIn({ address, group }: Address): readonly string[] {
  return group === undefined ? [address] : group.map((member) => member.address);
}

function replyUnder({ mode, status = 451 }: Fault): Reply {
  switch (mode) {
    case 'down':
      return { status: 0, text: '', isCut: true };
    case 'rate-limit':
      return { status: 451, text: '4.7.1 Too many messages, try again later', isCut: false };
    case 'error':
      return { status, text: `${status >= 500 ? '5.7.1' : '4.3.0'} The fault switch is on`, isCut: false };
    case 'ok':
    case 'slow':
    case 'lost-response':
      return { status: 250, text: 'OK: kept', isCut: mode === 'lost-response' };
  }
}

function keep(mailbox: Stored<Mailbox>, message: Message): void {
  const { messages: before } = mailbox.read();
  const known = before.find(({ messageId }) => messageId === message.messageId);
  const counted = before.map((one) => (one === known ? { ...one, copies: one.copies + 1 } : one));
  mailbox.write({ messages: known === undefined ? [...before, message] : counted });
}
