import { HOUR } from '../../src/domain';
import { webhookChecks } from '../../src/webhooks';
import { factsOf, NOW } from '../domain/webhook-facts';

describe('webhookChecks', () => {
  test('of a webhook that does well is one line', () => {
    expect(webhookChecks(factsOf())).toEqual([
      { name: 'Webhook', status: 'ok', detail: 'The last delivery came at 2026-11-23T08:55:00Z.', fix: null },
    ]);
  });

  test('of one that does not is a line for each fault, the worst first, with what to do', () => {
    const receiver = { isReady: false, readyAt: NOW - HOUR };
    expect(webhookChecks(factsOf({ receiver, remote: { problem: 'refused' } }))).toEqual([
      {
        name: 'Webhook',
        status: 'fail',
        detail: expect.stringMatching(/not ready.* Since 2026-11-23T08:00:00Z\.$/) as string,
        fix: expect.stringContaining('/readyz') as string,
      },
      {
        name: 'Webhook',
        status: 'warn',
        detail: expect.any(String) as string,
        fix: expect.stringContaining('MINDTICKLE_API_TOKEN') as string,
      },
    ]);
  });
});
