import { ok, type Check } from '../../../src/doctor';
import { createHealthOperation, receiversCheck } from '../../../src/operations/health';
import { healthChecks } from '../../../src/commands/ops/health';

async function checksOf(checks: readonly Check[]): Promise<string[]> {
  const answer = await createHealthOperation(() => checks).handle({} as never, { by: 'ada', role: 'viewer' });
  const { checks: found } = answer as { checks: { name: string; status: string; detail: string }[] };
  return found.map(({ name, status, detail }) => `${status} ${name}: ${detail}`);
}

describe('GET /api/health', () => {
  test('has what each of the checks found', async () => {
    const check = { name: 'Ledger', whenLate: '', run: () => Promise.resolve([ok('Ledger', 'It answers.')]) };
    expect(await checksOf([check])).toEqual(['ok Ledger: It answers.']);
  });

  test('says of each receiver what is wrong, or that none is known', async () => {
    const receivers = [
      { url: 'http://r:3001', ready: true, problem: null },
      { url: 'http://s:3001', ready: false, problem: 'it does not answer' },
    ];
    expect(await checksOf([receiversCheck(() => Promise.resolve(receivers))])).toEqual([
      'ok Receiver http://r:3001: It accepts deliveries.',
      'fail Receiver http://s:3001: It does not answer.',
    ]);
    expect(await checksOf([receiversCheck(() => Promise.resolve([]))])).toEqual(['warn Receivers: None is known.']);
  });

  test('answers while everything else is away, and says what it cannot know', async () => {
    const away = () => Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
    const parts = {
      settings: { companyId: 'acme', webhookId: undefined },
      modes: { identity: 'on' as const },
      temporal: { client: () => undefined, namespace: 'default' },
      pool: { query: away, connect: away } as never,
    };
    const lines = await checksOf(healthChecks(parts, () => Promise.resolve([])));
    expect(lines.map((line) => line.replace(/:.*/, ''))).toEqual([
      'fail Temporal',
      'fail Ledger',
      'unknown Clock',
      'warn Receivers',
      'unknown Settings',
    ]);
  });
});
