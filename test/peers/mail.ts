import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import type { Pool } from 'pg';
import type { Step } from '../activities/conformance/suite';
import { at, connectTo } from '../activities/running';
import { freePort } from '../free-port';
import { run } from './processes';
import type { Proxy } from './toxiproxy';
import { tryPeer, writesAtOnce, type Outcome } from './trial';

export interface MailServer {
  readonly smtp: number;
  readonly web: number;
}

export async function startMail(program: string, database: string): Promise<MailServer> {
  const [smtp, web] = [await freePort(), await freePort()];
  const listen = ['--listen', `127.0.0.1:${web}`, '--smtp', `127.0.0.1:${smtp}`];
  await run(program, [...listen, '--database', database, '--disable-version-check'], smtp);
  return { smtp, web };
}

/** One e-mail, with every fault. One whose answer was lost is kept twice: its Message-ID says that it is the same. */
export async function tryMail(pool: Pool, { smtp, web }: MailServer, proxy: Proxy | undefined): Promise<Outcome> {
  const untilKept = await repliesUntilKept(smtp);
  return tryPeer({
    pool,
    proxy,
    // The replies before the end of the message get through, and two of the three digits of the last one.
    lose: async (by) => {
      await by.add('limit_data', { bytes: untilKept + 2 });
      return () => by.remove('limit_data');
    },
    fresh: ({ onWrite, timeoutMs = 8000 }) => {
      const to = `${randomUUID()}@example.com`;
      const settings = { ...at.mail(`smtp://127.0.0.1:${proxy?.port ?? smtp}`), from: 'desk@example.com' };
      const mail = connectTo(pool, 'mail', settings, { timeoutMs });
      const send: Step = (context) => mail.sendMail(context, to, 'learner', { kind: 'welcome', role: 'Seller' });
      return Promise.resolve({
        step: writesAtOnce(send, onWrite),
        effects: async () => {
          const response = await fetch(
            `http://127.0.0.1:${web}/api/v1/search?query=${encodeURIComponent(`to:"${to}"`)}`,
          );
          const { messages } = (await response.json()) as { messages: { MessageID: string }[] };
          return new Set(messages.map(({ MessageID }) => MessageID)).size;
        },
      });
    },
  });
}

/** Bytes of the replies that a conversation as nodemailer's gets before the message is kept. */
async function repliesUntilKept(port: number): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const reply = async (): Promise<void> => {
    for (;;) {
      const line: IteratorResult<string, unknown> = await lines.next();
      if (line.done === true) throw new Error('the mail server closed the connection');
      if (/^\d{3} /.test(line.value)) return;
    }
  };
  await reply();
  const name = hostname().includes('.') ? hostname() : '[127.0.0.1]';
  for (const line of [`EHLO ${name}`, 'MAIL FROM:<desk@example.com>', 'RCPT TO:<nobody@example.com>', 'DATA']) {
    socket.write(`${line}\r\n`);
    await reply();
  }
  socket.destroy();
  await once(socket, 'close').catch(() => undefined);
  return bytes;
}
