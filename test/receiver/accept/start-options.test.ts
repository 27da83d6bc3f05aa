import fc from 'fast-check';
import { eventNames, type Delivery } from '../../../src/events';
import { parseBody } from '../../../src/receiver/verify/parse';
import { verifiedDelivery, type VerifiedDelivery } from '../../../src/receiver/verify/delivery';
import { workflowStart, workflowTypeOf } from '../../../src/receiver/accept/start-options';

const DELIVERY: Delivery = {
  eventId: 'evt-1',
  event: null,
  signedAt: '2026-11-23T09:00:00Z',
  receivedAt: '2026-11-23T09:00:01Z',
  signatureDigest: '0'.repeat(64),
  bodyDigest: '1'.repeat(64),
};

function received(body: unknown): VerifiedDelivery {
  const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const contents = parseBody(rawBody, { companyId: 'acme' }, Date.parse(DELIVERY.signedAt));
  if (contents.kind === 'foreign') throw new Error('foreign');
  return verifiedDelivery({ ...DELIVERY, event: contents.event }, contents, rawBody);
}

const EXPIRED = {
  userId: 'mt-rita',
  certName: 'Sales Basics',
  expiredAt: '2026-11-01',
  renewalDeadline: '2026-12-01',
};
const expired = (change: object = {}): VerifiedDelivery =>
  received({ event: 'certification.expired', data: { ...EXPIRED, ...change }, companyId: 'acme' });

const attributes = (start: VerifiedDelivery): Record<string, unknown> =>
  Object.fromEntries(
    (workflowStart(start).typedSearchAttributes as { key: { name: string }; value: unknown }[]).map((pair) => [
      pair.key.name,
      pair.value,
    ]),
  );

describe('workflowTypeOf', () => {
  test('access is withdrawn before anything else, and progress comes last', () => {
    const data = {
      ...EXPIRED,
      email: 'rita@example.com',
      reason: 'left',
      deprovisionedAt: '2026-11-01',
      moduleName: 'm',
      moduleId: 'm-1',
      progressPct: 1,
      timeSpentSec: 1,
    };
    const lanes = ['user.deprovisioned', 'certification.expired', 'badge.won', 'module.progress'].map((event) => {
      const each = received({ event, data, companyId: 'acme' });
      return [workflowTypeOf(each), each.lane];
    });
    expect(lanes).toEqual([
      ['offboarding', 1],
      ['recertification', 2],
      ['quarantine', 3],
      ['moduleProgress', 5],
    ]);
  });
});

test.each([' User.Deprovisioned', 'user.\u200bdeprovisioned', '\uff55ser.deprovisioned', 'user.off-boarded'])(
  'a leaver who cannot be read goes before what can wait, however the event is written: %j',
  (event) => {
    expect(received({ event, data: {}, companyId: 'acme' }).lane).toBe(1);
  },
);

describe('workflowStart', () => {
  test('names learner and subject in the summary', () => {
    expect(workflowStart(expired()).staticSummary).toBe('Recertification: mt-rita, Sales Basics');
  });

  test('names the problem and the event of what is quarantined', () => {
    const start = workflowStart(received({ event: 'badge.won', data: { userId: 'mt-rita' }, companyId: 'acme' }));
    expect(start.staticSummary).toBe('Quarantine: unknown-event, badge.won, mt-rita');
    expect(start.staticDetails).toContain('No event of this name is known.');
  });

  test('says in the details what it is, its event id and its times', () => {
    expect(workflowStart(expired()).staticDetails).toBe(
      [
        '**Recertification** of learner `mt-rita`, `Sales Basics`: MindTickle sent `certification.expired`.',
        '',
        '- Event id: `evt-1`',
        '- Signed: 2026-11-23T09:00:00Z',
        '- Received: 2026-11-23T09:00:01Z',
      ].join('\n'),
    );
  });

  test('makes searchable the event, the learner and the phase', () => {
    expect(attributes(expired())).toEqual({
      MindticklePhase: 'working',
      MindtickleEvent: 'certification.expired',
      MindtickleUserId: 'mt-rita',
    });
  });

  test.each([
    ['longer than 255 characters', 'x'.repeat(256)],
    ['with a NUL', 'a\u0000b'],
    ['with half a surrogate pair', 'a\ud800'],
  ])('leaves out a learner id %s: it must not stop the start', (_what, userId) => {
    expect(attributes(expired({ userId }))).not.toHaveProperty('MindtickleUserId');
  });

  test.each([
    ['nothing readable', 'not json', undefined],
    ['a learner in data that does not fit', { event: 'quiz.submitted', data: { userId: 'u' }, companyId: 'acme' }, 'u'],
    ['a learner by number', { event: 'quiz.submitted', data: { userId: 7 }, companyId: 'acme' }, '7'],
    ['a learner that is no id', { event: 'quiz.submitted', data: { userId: [7] }, companyId: 'acme' }, undefined],
  ])('finds the learner of %s', (_what, body, expected) => {
    expect(attributes(received(body))['MindtickleUserId']).toBe(expected);
  });

  test('neither links nor breaks lines in what a title says', () => {
    const start = workflowStart(expired({ certName: '[click](http://x) <b>`\n\n# Sales' }));
    expect(start.staticSummary).toBe('Recertification: mt-rita, (click)(http://x) (b)` # Sales');
    expect(start.staticDetails?.split('\n')).toHaveLength(5);
  });

  test('has a summary of one line and 200 bytes at most, and details far below 20 kB, whatever the texts', () => {
    const any = fc.string({ minLength: 1, unit: 'binary', maxLength: 256 }).filter((each) => !each.includes('\ufffd'));
    const text = fc.oneof(any, fc.constant('𝒳'.repeat(120)));
    fc.assert(
      fc.property(
        text,
        text,
        fc.constantFrom(...eventNames, 'badge.won', '漢'.repeat(255)),
        (userId, certName, event) => {
          const { staticSummary = '', staticDetails = '' } = workflowStart(
            received({ event, data: { ...EXPIRED, userId, certName }, companyId: 'acme' }),
          );
          expect(Buffer.byteLength(staticSummary)).toBeLessThanOrEqual(200);
          expect(staticSummary).not.toMatch(/[\n\r\u2028\ufffd]/);
          expect(Buffer.byteLength(staticDetails)).toBeLessThan(5000);
        },
      ),
    );
  });
});
