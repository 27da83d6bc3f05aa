import { createTransport } from 'nodemailer';
import type { StandIns } from '../../../src/dev/stand-ins';
import { mailToOmar, sendMail, start, stateOf, stopAll } from './running';

let standIns: StandIns;
beforeEach(async () => {
  standIns = await start();
});
afterEach(stopAll);

describe('an e-mail', () => {
  test('is kept with its addresses, subject and text', async () => {
    await sendMail(standIns);
    expect((await stateOf(standIns)).mail.messages).toEqual([
      {
        messageId: '<welcome-1@example.com>',
        from: 'enablement@example.com',
        to: ['omar.haddad@example.com'],
        subject: 'Welcome',
        text: 'Hello Omar',
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        copies: 1,
      },
    ]);
  });

  test('is read whatever way nodemailer encodes it', async () => {
    const long = 'A line that is longer than a mail may have them, so that it is folded on its way. '.repeat(4).trim();
    const text = `Zażółć gęślą jaźń, Łukasz = 100 %\n\n${long}\n-- \nsigned`;
    const subject = `Wygasł Twój certyfikat „Sprzedaż” – ${'odnów go '.repeat(12).trim()}`;
    await sendMail(standIns, { ...mailToOmar, text, subject, html: '<p>other</p>' });
    await sendMail(standIns, { ...mailToOmar, messageId: '<plain@example.com>', text: `${long}\n-- \nsigned` });
    expect((await stateOf(standIns)).mail.messages).toMatchObject([
      { text, subject },
      { text: `${long}\n-- \nsigned` },
    ]);
  });

  const envelope = { from: 'desk@example.com', to: 'omar@example.com' };
  const html =
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--b--';
  test.each([
    [
      'without headers has those of its envelope',
      '\r\nHello',
      { from: envelope.from, to: [envelope.to], text: 'Hello' },
    ],
    [
      'to a list and a group has their addresses',
      'To: A <a@x.org>, g: b@x.org;\r\n\r\n',
      { to: ['a@x.org', 'b@x.org'] },
    ],
    ['that is HTML alone has that', html, { text: '<p>x</p>' }],
  ])('%s', async (_name, raw, expected) => {
    await sendMail(standIns, { envelope, raw });
    expect((await stateOf(standIns)).mail.messages).toMatchObject([expected]);
  });

  test('with a Message-ID that was there before only adds to its copies', async () => {
    await sendMail(standIns);
    await sendMail(standIns, { ...mailToOmar, text: 'Hello again' });
    const { mail, calls } = await stateOf(standIns);
    expect(mail.messages).toMatchObject([{ text: 'Hello Omar', copies: 2 }]);
    const call = { system: 'mail', method: 'SEND', path: '<welcome-1@example.com>', status: 250 };
    expect(calls).toMatchObject([call, call]);
  });

  test('over the size limit is refused with 552 and not kept', async () => {
    const text = 'x'.repeat(11 * 1024 * 1024);
    await expect(sendMail(standIns, { ...mailToOmar, text })).rejects.toMatchObject({ responseCode: 552 });
    expect((await stateOf(standIns)).mail.messages).toEqual([]);
  });
});

test('any login is accepted, and none is needed', async () => {
  const { hostname, port } = new URL(standIns.smtpUrl);
  const transport = createTransport({ host: hostname, port: Number(port), auth: { user: 'mt', pass: 'whatever' } });
  await expect(transport.verify()).resolves.toBe(true);
  transport.close();
});
