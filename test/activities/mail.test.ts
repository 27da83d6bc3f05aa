import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Pool } from 'pg';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { Notification } from '../../src/domain';
import type { StandIns } from '../../src/dev/stand-ins';
import { recordEvent } from '../../src/ledger';
import { provisioned, request } from '../ledger/events';
import { openLedger, type LedgerFixture } from '../ledger/fixture';
import { start, stateOf, stopAll } from '../dev/stand-ins/running';
import { selfSigned } from './scripted-http';
import { scriptSmtp } from './scripted-smtp';
import { at, connectTo, emptyLedger, failOnce, rowsOf, runOnce, workflow, written } from './running';

let ledger: LedgerFixture;
let pool: Pool;
let standIns: StandIns;
const mailTo = (url: string) => connectTo(pool, 'mail', at.mail(url));
let mail: ReturnType<typeof mailTo>;

beforeAll(async () => {
  [ledger, standIns] = await Promise.all([openLedger(), start()]);
  pool = ledger.pool;
  mail = mailTo(standIns.smtpUrl);
});
afterAll(() => Promise.all([stopAll(), ledger.stop()]));
beforeEach(async () => {
  await Promise.all([fetch(`${standIns.url}/_reset`, { method: 'POST' }), emptyLedger(pool)]);
});

const RITA = 'rita.alvarez@example.com';
const welcome: Notification = { kind: 'welcome', role: 'Account Executive' };

const messages = async () => (await stateOf(standIns)).mail.messages;

describe('sendMail', () => {
  test('sends one message to one address', async () => {
    await expect(runOnce(mail.sendMail, RITA, 'learner', welcome)).resolves.toBe('sent');
    await expect(messages()).resolves.toMatchObject([
      {
        from: 'enablement@example.com',
        to: [RITA],
        subject: 'Welcome: your enablement program is ready',
        text: expect.stringContaining('Your program for Account Executive is open in MindTickle.') as string,
        copies: 1,
        messageId: expect.stringMatching(/^<[0-9a-f]{32}@example\.com>$/) as string,
      },
    ]);
  });

  test.each([
    ['for a moment', 2, 'done'],
    ['for longer than the attempt waits', Infinity, 'pending'],
  ])('is sent once when the ledger is away %s after it was sent', async (_length, times, status) => {
    let failures = 0;
    const query = pool.query.bind(pool) as (text: string, values?: unknown[]) => Promise<unknown>;
    const away = Object.create(pool, {
      query: {
        value: async (text: string, values?: unknown[]) => {
          if (!/^update effects set\s+status = case/.test(text) || failures >= times) return query(text, values);
          failures += 1;
          throw Object.assign(new Error('the connection ended'), { code: 'ECONNRESET' });
        },
      },
    }) as Pool;
    const own = workflow();
    const { sendMail } = connectTo(away, 'mail', at.mail(standIns.smtpUrl));
    await expect(own.run(sendMail, own.step('welcome'), RITA, 'learner', welcome)).resolves.toBe('sent');
    expect(failures).toBeGreaterThan(1);
    await expect(messages()).resolves.toMatchObject([{ copies: 1 }]);
    await expect(rowsOf(pool, own)).resolves.toMatchObject([{ status }]);
  });

  test('its row says to whom by role, never by address', async () => {
    const own = workflow();
    await own.run(mail.sendMail, own.step('welcome'), RITA, 'learner', welcome);
    const rows = await rowsOf(pool, own);
    expect(rows).toMatchObject([
      { step: 'welcome', status: 'done', would: { notification: 'welcome', to: 'learner' } },
    ]);
    expect(JSON.stringify(rows)).not.toContain('rita');
  });

  test('names the person by the ledger’s address, and nowhere but in the message', async () => {
    await pool.query("insert into learners (user_id, email) values ('u1', 'rita@example.com')");
    const own = workflow();
    const report: Notification = { kind: 'offboarded', userId: 'u1', report: [] };
    await own.run(mail.sendMail, own.step('report', { userId: 'u1' }), 'admin@example.com', 'administrator', report);
    const [message] = await messages();
    expect(message?.text).toContain('What was done for rita@example.com (u1):');
    expect(message?.subject).toBe('Offboarded: u1');
    expect(JSON.stringify(await rowsOf(pool, own))).not.toContain('rita');
  });

  test('a learner is not written to at an address that is another learner’s by now', async () => {
    await recordEvent(pool, request('hired', provisioned('mt-omar', { email: 'omar@new.example.com' })));
    await recordEvent(pool, request('hired too', provisioned('mt-rita', { email: RITA.toUpperCase() })));
    const refusal = await failOnce(mail.sendMail, RITA, 'learner', welcome);
    expect(refusal).toMatchObject({
      type: 'mail.rejected',
      message: expect.stringMatching(
        /^mail has an address of the learner, but the ledger knows it as the address of another one/,
      ) as string,
    });
    expect(written(refusal).toLowerCase()).not.toContain('rita');
    await expect(messages()).resolves.toEqual([]);
    await expect(runOnce(mail.sendMail, 'omar@old.example.com', 'learner', welcome)).resolves.toBe('sent');
    await expect(runOnce(mail.sendMail, RITA, 'manager', welcome)).resolves.toBe('sent');
  });

  test('a learner who shares an address with another is written to', async () => {
    for (const userId of ['mt-omar', 'mt-omar-2'])
      await recordEvent(pool, request(`hired ${userId}`, provisioned(userId, { email: RITA })));
    await expect(runOnce(mail.sendMail, RITA, 'learner', welcome)).resolves.toBe('sent');
  });

  test('another step, another workflow and another address are other messages', async () => {
    const own = workflow();
    const other = workflow();
    await own.run(mail.sendMail, own.step('one'), RITA, 'learner', welcome);
    await own.run(mail.sendMail, own.step('two'), RITA, 'learner', welcome);
    await own.run(mail.sendMail, own.step('one'), 'omar.haddad@example.com', 'learner', welcome);
    await other.run(mail.sendMail, other.step('one'), RITA, 'learner', welcome);
    await expect(messages()).resolves.toHaveLength(4);
  });

  test.each([
    '',
    'rita',
    'rita@example.com, omar@example.com',
    'rita@example.com; omar@example.com',
    'Rita <rita@example.com>, omar@example.com',
    'rita@example.com\r\nBcc: omar@example.com',
    'rita@example.com>\r\nRCPT TO:<omar@example.com',
  ])('%j is no address: rejected, and nobody gets it', async (to) => {
    const refusal = await failOnce(mail.sendMail, to, 'manager', welcome);
    expect(refusal).toMatchObject({ type: 'mail.rejected', message: 'mail has no usable address for the manager' });
    await expect(messages()).resolves.toEqual([]);
  });
});

describe('a message', () => {
  test('is plain text and HTML of the same words, and has no part beside', async () => {
    const smtp = await scriptSmtp();
    const mail = mailTo(`smtp://${smtp.host}`);
    await runOnce(mail.sendMail, RITA, 'manager', {
      kind: 'coach',
      quizName: 'A < B & "C"',
      userId: 'u1',
      percent: null,
    });
    await smtp.stop();
    const [message = ''] = smtp.messages;
    expect(message.match(/^content-type: .*$/gim)).toEqual([
      expect.stringContaining('multipart/alternative') as string,
      'Content-Type: text/plain; charset=utf-8',
      'Content-Type: text/html; charset=utf-8',
    ]);
    expect(message).toContain('u1 did not pass the quiz "A < B & "C"".');
    expect(message.replaceAll('=\n', '')).toContain(
      'u1 did not pass the quiz &quot;A &lt; B &amp; &quot;C&quot;&quot;.',
    );
  });
});

describe('a mail server that does not do as asked', () => {
  test('a port on which nobody listens is unavailable', async () => {
    const closed = mailTo('smtp://user:a-password@127.0.0.1:1');
    const refusal = await failOnce(closed.sendMail, RITA, 'learner', welcome);
    expect(refusal).toMatchObject({
      type: 'mail.unavailable',
      message: 'mail: connect: did not accept the message: nothing listens there',
    });
    for (const secret of ['rita', 'a-password']) expect(written(refusal)).not.toContain(secret);
  });
});

describe('a failure names the command and its cause', () => {
  test('an address outside ASCII needs SMTPUTF8', async () => {
    const smtp = await scriptSmtp();
    smtp.meet = (stage) => (stage === 'RCPT' ? { reply: '500 what?' } : undefined);
    const refusal = await failOnce(mailTo(`smtp://${smtp.host}`).sendMail, 'röta@example.com', 'learner', welcome);
    const plain = await failOnce(mailTo(`smtp://${smtp.host}`).sendMail, RITA, 'learner', welcome);
    await smtp.stop();
    expect(refusal).toMatchObject({
      type: 'mail.rejected',
      message:
        'mail: RCPT TO: answered 500: ' +
        'the address has characters outside ASCII, which need a server with SMTPUTF8 (RFC 6531)',
    });
    expect(written(refusal)).not.toContain('röta');
    expect(plain.message).toBe('mail: RCPT TO: answered 500');
  });

  test('a certificate that is not trusted names NODE_EXTRA_CA_CERTS', async () => {
    const server = new SMTPServer({ secure: true, ...selfSigned(), authOptional: true });
    server.on('error', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    const refusal = await failOnce(mailTo(`smtps://127.0.0.1:${port}`).sendMail, RITA, 'learner', welcome);
    await new Promise<void>((done) => server.close(done));
    expect(refusal).toMatchObject({
      type: 'mail.unavailable',
      message: expect.stringMatching(/^mail: connect: .*is not trusted \(NODE_EXTRA_CA_CERTS/) as string,
    });
  });
});

describe('a mail server of another make', () => {
  const servers: SMTPServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise<void>((done) => server.close(done)))));

  async function listen(options: SMTPServerOptions): Promise<typeof mail> {
    const server = new SMTPServer({ allowInsecureAuth: true, disabledCommands: ['STARTTLS'], ...options });
    servers.push(server);
    server.on('error', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    return mailTo(`smtp://127.0.0.1:${port}`);
  }

  const nasty = 'Basics\r\nBcc: all@example.com\r\n\r\n.\r\nMAIL FROM:<x@example.com>\u2028 ✓';
  test.each<Notification>([
    { kind: 'recertify', certName: nasty, deadline: '2027-06-30' },
    { kind: 'coach', quizName: nasty, userId: nasty, percent: 40 },
    { kind: 'certificate', courseName: nasty },
    {
      kind: 'parked',
      about: nasty,
      step: nasty,
      title: nasty,
      why: nasty,
      workflowId: nasty,
      since: nasty,
      meanwhile: nasty,
      due: null,
    },
  ])('titles add no header, no recipient and no command to a message: $kind', async (notification) => {
    const received: { to: string[]; raw: string }[] = [];
    const capturing = await listen({
      authOptional: true,
      onData: (stream, { envelope }, callback) => {
        void text(stream).then((raw) => {
          received.push({ to: envelope.rcptTo.map(({ address }) => address), raw });
          callback();
        });
      },
    });
    const { run, step } = workflow();
    await run(capturing.sendMail, step('notify'), RITA, 'learner', notification);
    expect(received.map(({ to }) => to)).toEqual([[RITA]]);
    const [head = ''] = received[0]?.raw.split('\r\n\r\n') ?? [];
    const names = head
      .split('\r\n')
      .filter((line) => !/^\s/.test(line))
      .map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
    expect(names.sort()).toEqual(['content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to']);
  });
});
