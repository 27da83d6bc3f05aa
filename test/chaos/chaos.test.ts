import { createDatabase, isPglite } from '../ledger/fixture';
import { openNamespace, temporalAddress } from '../temporal/fixture';
import { planRound } from './plan';
import { runRounds } from './rounds';
import { openChaosStack, type ChaosStack } from './stack';

/** A seed that plans every kind of moment within so few rounds; `npm run chaos` plays more. */
const ROUNDS = 7;
const SEED = 10;

/** A database of its own on the run's server; the server's only one where it cannot have several. */
async function openDatabase(): Promise<string> {
  const server = process.env['TEST_DATABASE_URL'] ?? '';
  return (await isPglite(server)) ? server : (await createDatabase(server)).url;
}

describe('runRounds', () => {
  const stopping = new AbortController();
  let stack: ChaosStack;
  beforeAll(async () => {
    const { namespace, close } = await openNamespace();
    await close();
    stack = await openChaosStack({
      existing: { temporalAddress: temporalAddress(), namespace, databaseUrl: await openDatabase() },
      // Longer than a start takes on a busy machine: some deliveries go straight to Temporal.
      settings: { START_TIMEOUT_MS: '1000' },
      progress: () => undefined,
      signal: stopping.signal,
    });
  }, 240_000);
  afterAll(async () => {
    stopping.abort();
    await stack.stop();
  });

  test(`kills the receiver in ${ROUNDS} rounds, and finds every promise kept`, async () => {
    const report = await runRounds(stack, {
      rounds: ROUNDS,
      seed: SEED,
      progress: () => undefined,
      signal: stopping.signal,
    });
    expect(report).toMatchObject({ rounds: ROUNDS, lost: 0, doubled: 0, violations: [] });
    // Otherwise nothing was tried.
    expect(report.kills).toBeGreaterThanOrEqual(ROUNDS);
    expect(report.acknowledged).toBeGreaterThan(10 * ROUNDS);
    expect(Object.keys(report.byAnswer)).toEqual(
      expect.arrayContaining(['unanswered', 'spooled', 'started', 'duplicate']),
    );
    expect(Object.keys(report.byOutcome)).toEqual(expect.arrayContaining(['done', 'replayed', 'waiting']));
  }, 300_000);
});

describe('planRound', () => {
  test('plans the same deliveries and the same kill for the same seed, and others for another', () => {
    expect(planRound(SEED, 3)).toEqual(planRound(SEED, 3));
    expect(planRound(SEED, 3)).not.toEqual(planRound(SEED + 1, 3));
    expect(planRound(SEED, 3)).not.toEqual(planRound(SEED, 4));
  });

  test('meets every kind of moment in so many rounds', () => {
    const kinds = Array.from({ length: ROUNDS }, (_, index) => {
      const { moment } = planRound(SEED, index + 1);
      return moment.kind === 'load' ? `load ${String(moment.againAfterMs !== null)}` : `${moment.kind} ${moment.away}`;
    });
    expect(new Set(kinds)).toEqual(
      new Set(['load false', 'load true', 'away silent', 'away cut', 'drain silent', 'drain cut']),
    );
  });
});
