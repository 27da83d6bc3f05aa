import { CancelledFailure } from '@temporalio/activity';
import type { Suite } from './suite';
import { scriptHttp } from '../scripted-http';
import type { Meeting, Stage } from '../scripted-smtp';

const SHORT_MS = 150;
const EVERY_STAGE: readonly Stage[] = ['greeting', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'message'];

/** The faults of a mail server (RFC 5321). */
export function describeSmtp(suite: Suite): void {
  const { trial, attempt, smtp, connector } = suite;
  const words = connector.secrets.join(' ');

  const meet = (stage: Stage, meeting: Meeting): void => {
    smtp().meet = (reached) => (reached === stage ? meeting : undefined);
  };
  beforeEach(() => {
    smtp().extensions = ['AUTH PLAIN LOGIN'];
  });

  describe('a reply', () => {
    test.each<[Stage, number, 'unavailable' | 'rejected']>([
      ['greeting', 421, 'unavailable'],
      ['greeting', 554, 'rejected'],
      ['AUTH', 454, 'unavailable'],
      ['AUTH', 535, 'rejected'],
      ['MAIL', 421, 'unavailable'],
      ['MAIL', 530, 'rejected'],
      ['MAIL', 550, 'rejected'],
      ['RCPT', 450, 'unavailable'],
      ['RCPT', 452, 'unavailable'],
      ['RCPT', 550, 'rejected'],
      ['DATA', 451, 'unavailable'],
      ['DATA', 554, 'rejected'],
      ['message', 421, 'unavailable'],
      ['message', 451, 'unavailable'],
      ['message', 552, 'rejected'],
      ['message', 554, 'rejected'],
    ])('to %s of %d: %s', async (stage, status, type) => {
      meet(stage, { reply: `${status}-5.7.1 first\r\n${status} 5.7.1 not for ${words}` });
      suite.expectFailure(await attempt(suite.step()), type);
      await expect(trial().effects()).resolves.toBe(0);
    });

    test.each<[Stage, number]>([
      ['AUTH', 535],
      ['AUTH', 534],
      ['MAIL', 530],
    ])('to %s of %d: the words say that the credentials were refused', async (stage, status) => {
      meet(stage, { reply: `${status} 5.7.8 no` });
      expect((await attempt(suite.step())).failure?.message).toContain('its credentials were refused');
    });

    test('that is none of SMTP is unavailable', async () => {
      meet('greeting', { reply: `<html>${words}</html>` });
      suite.expectFailure(await attempt(suite.step()), 'unavailable');
    });

    test('of a web server is unavailable', async () => {
      const web = await scriptHttp('');
      web.meet = () => ({ status: 400, body: words });
      const url = trial().url.replace(smtp().host, new URL(web.origin).host);
      const tried = await attempt(trial().connect({ url, timeoutMs: SHORT_MS }));
      await web.stop();
      suite.expectFailure(tried, 'unavailable');
    });
  });

  describe('a connection', () => {
    test.each(EVERY_STAGE)('cut at %s is unavailable', async (stage) => {
      meet(stage, 'cut');
      suite.expectFailure(await attempt(suite.step()), 'unavailable');
      await expect(trial().effects()).resolves.toBe(0);
    });

    test('cut after the message was taken: the next attempt says it is sent, and its Message-ID says it is one', async () => {
      const workflowId = `lost-${connector.name}`;
      meet('message', 'lost');
      suite.expectFailure(await attempt(suite.step(), { workflowId }), 'unavailable');
      smtp().meet = () => undefined;
      const again = await attempt(suite.step(), { workflowId, number: 2 });
      expect(again.failure).toBeUndefined();
      await expect(trial().effects()).resolves.toBe(1);
    });

    test.each(EVERY_STAGE)('that hangs at %s is given up after the time limit', async (stage) => {
      meet(stage, 'hang');
      suite.expectFailure(await attempt(suite.step(SHORT_MS)), 'unavailable');
      await smtp().letGo();
    });

    test.each(EVERY_STAGE)('that hangs at %s is let go at once when the activity is cancelled', async (stage) => {
      const came = new Promise<void>((resolve) => {
        smtp().meet = (reached) => {
          if (reached !== stage) return undefined;
          setImmediate(resolve);
          return 'hang';
        };
      });
      const tried = await attempt(suite.step(600_000), { cancelAfter: came });
      await smtp().letGo();
      expect(tried.failure).toBeInstanceOf(CancelledFailure);
    });
  });

  describe('STARTTLS', () => {
    beforeEach(() => {
      smtp().extensions = ['STARTTLS', 'AUTH PLAIN LOGIN'];
    });

    // As with HTTPS: a certificate is renewed without us.
    test.each<[string, Meeting | undefined]>([
      ['with a certificate that nobody has signed', undefined],
      ['refused for now', { reply: '454 4.7.0 not now' }],
      ['refused for good', { reply: '502 5.5.1 never' }],
      ['answered with the connection cut', 'cut'],
    ])('%s: unavailable, and no credential was sent', async (_how, meeting) => {
      smtp().meet = (stage) => (stage === 'STARTTLS' ? meeting : undefined);
      suite.expectFailure(await attempt(suite.step()), 'unavailable');
      expect(smtp().stages).not.toContain('AUTH');
      expect(smtp().stages).not.toContain('MAIL');
    });
  });
}
