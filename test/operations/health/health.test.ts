import { createHealthOperation, type HealthDeps } from '../../../src/operations/health';

const NOW = Date.parse('2026-11-28T10:00:00Z');
const polled = { pollers: 2, lastPollAt: NOW - 1000, held: null };

async function checksOf(changes: Partial<HealthDeps>): Promise<Readonly<Record<string, string>>> {
  const { handle } = createHealthOperation({
    pool: { query: () => Promise.resolve({ rows: [] }) } as never,
    modes: { identity: 'on', mail: 'off' },
    queueOf: () => Promise.resolve(polled),
    receivers: () => Promise.resolve([{ url: 'http://r:3001', ready: true, problem: null }]),
    now: () => NOW,
    ...changes,
  });
  const answer = await handle({} as never, { by: 'ada', role: 'viewer' });
  const { checks } = answer as { checks: { name: string; status: string; detail: string }[] };
  return Object.fromEntries(checks.map(({ name, status, detail }) => [name, `${status}: ${detail}`]));
}

describe('GET /api/health', () => {
  test('says of each part that is used that it works', async () => {
    expect(await checksOf({})).toEqual({
      Ledger: 'ok: It answers.',
      Temporal: 'ok: It answers.',
      Worker: 'ok: 2 pollers of mindtickle.',
      'Connector identity': 'ok: 2 pollers of mindtickle-identity.',
      'Receiver http://r:3001': 'ok: It accepts deliveries.',
    });
  });

  test('names a worker that no longer polls, and since when', async () => {
    const queueOf: HealthDeps['queueOf'] = (_name, of) =>
      Promise.resolve(of === 'calls' ? { ...polled, lastPollAt: NOW - 200_000 } : { ...polled, lastPollAt: null });
    expect(await checksOf({ queueOf })).toMatchObject({
      Worker: 'fail: No worker has polled mindtickle for 5 minutes: start mt worker.',
      'Connector identity': 'fail: No worker polls mindtickle-identity since 2026-11-28T09:56:40.000Z.',
    });
  });

  test('says that a connector is held, and why', async () => {
    const queueOf = () => Promise.resolve({ ...polled, held: { reason: 'Okta is being moved' } });
    expect((await checksOf({ queueOf }))['Connector identity']).toBe('warn: It is held: Okta is being moved');
  });

  test('answers while everything else is away', async () => {
    const away = () => Promise.reject(new Error('away'));
    const checks = await checksOf({ pool: { query: away } as never, queueOf: away, receivers: away });
    expect(Object.entries(checks).map(([name, said]) => [name, said.split(':')[0]])).toEqual([
      ['Ledger', 'fail'],
      ['Temporal', 'fail'],
      ['Receivers', 'warn'],
    ]);
  });
});
