import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { describeHttp } from './http';
import { describeSmtp } from './smtp';
import { attempt, isWriteOf, type Attempt, type Conforming, type Step, type Trial, type Tried } from './conforming';
import { scriptHttp, type ScriptedHttp } from '../scripted-http';
import { scriptSmtp, type ScriptedSmtp } from '../scripted-smtp';

/** What the tests of one connector share; there once they run. */
export interface Suite {
  readonly connector: Conforming;
  readonly trial: () => Trial;
  readonly http: () => ScriptedHttp;
  readonly smtp: () => ScriptedSmtp;
  /** The connector, behind the suite's server. */
  readonly step: (timeoutMs?: number) => Step;
  /** An attempt of a workflow of its own, unless it is named. */
  readonly attempt: (step: Step, options?: Partial<Attempt>) => Promise<Tried>;
  readonly expectFailure: (tried: Tried, type: 'unavailable' | 'rejected') => void;
}

/** Long enough for a busy machine; what is to hit its limit is given a shorter one. */
const PATIENCE_MS = 10_000;

let workflows = 0;

/**
 * What every connector passes. A further one is an entry in `conformance.test.ts`:
 *
 * 1. `start` brings up its system (a stand-in, or files) and answers how it is reached and reset, and how often it shows
 *    the step's effect. 2. `connect` makes the connector as `activities/index.ts` does, with another URL and time limit,
 *    and calls one activity that writes once. 3. `secrets` are what the step is given: the suite plants them in every
 *    answer, and looks for them in whatever is written down. 4. `unlike` names a status that means something else to it
 *    ("404: done"), `isWrite` how a write is told from a read where the method does not say, `isAtLeastOnce` a system that
 *    no key keeps from doing a thing twice.
 */
export function conformance(connector: Conforming): void {
  describe(connector.name, () => {
    let ledger: LedgerFixture;
    let trial: Trial;
    let http: ScriptedHttp;
    let smtp: ScriptedSmtp;

    beforeAll(async () => {
      [ledger, smtp] = await Promise.all([openLedger(), scriptSmtp()]);
      trial = await connector.start(ledger.pool, smtp);
      http = await scriptHttp(connector.protocol === 'http' ? new URL(trial.url).origin : '');
    });
    afterAll(() => Promise.all([trial.stop(), http.stop(), smtp.stop(), ledger.stop()]));
    beforeEach(async () => {
      http.meet = () => undefined;
      http.seen.length = 0;
      smtp.meet = () => undefined;
      smtp.stages.length = 0;
      smtp.accepted.length = 0;
      await trial.reset();
    });

    const suite: Suite = {
      connector,
      trial: () => trial,
      http: () => http,
      smtp: () => smtp,
      step: (timeoutMs = PATIENCE_MS) => trial.connect({ url: throughScript(connector, trial, http), timeoutMs }),
      attempt: (step, options) =>
        attempt(ledger.pool, step, { workflowId: `conformance-${(workflows += 1)}`, ...options }),
      expectFailure: (tried, type) => {
        expect(tried.failure).toMatchObject({ type: `${connector.system}.${type}`, nonRetryable: type === 'rejected' });
        expectNoSecret(connector, tried);
      },
    };
    describeRepeats(suite);
    if (connector.protocol === 'http') describeHttp(suite);
    if (connector.protocol === 'smtp') describeSmtp(suite);
  });
}

function throughScript({ protocol }: Conforming, { url }: Trial, { origin }: ScriptedHttp): string {
  return protocol === 'http' ? `${origin}${url.slice(new URL(url).origin.length)}` : url;
}

function expectNoSecret({ secrets }: Conforming, { traces }: Tried): void {
  for (const secret of secrets) expect(traces.toLowerCase()).not.toContain(secret.toLowerCase());
}

function describeRepeats(suite: Suite): void {
  const { connector, trial, attempt: tryStep } = suite;

  describe('a step that is done', () => {
    test('is done once, and leaves nothing of a person or a credential behind', async () => {
      const tried = await tryStep(suite.step());
      expect(tried.failure).toBeUndefined();
      await expect(trial().effects()).resolves.toBe(1);
      expectNoSecret(connector, tried);
    });

    test('is done no second time by the same step, nor by its next attempt on another worker', async () => {
      const workflowId = `repeated-${connector.name}`;
      const { result } = await tryStep(suite.step(), { workflowId });
      const written = suite.http().seen.filter(isWriteOf(connector)).length;
      for (const number of [1, 2]) {
        const again = await tryStep(suite.step(), { workflowId, number });
        expect(again.failure).toBeUndefined();
        expect(again.result).toEqual(result);
      }
      expect(suite.http().seen.filter(isWriteOf(connector))).toHaveLength(written);
      await expect(trial().effects()).resolves.toBe(1);
    });

    test('is done once by two attempts at the same time', async () => {
      const workflowId = `together-${connector.name}`;
      const both = [tryStep(suite.step(), { workflowId }), tryStep(suite.step(), { workflowId, number: 2 })];
      for (const { failure } of await Promise.all(both)) expect(failure).toBeUndefined();
      const effects = await trial().effects();
      expect(effects).toBeGreaterThanOrEqual(1);
      expect(effects).toBeLessThanOrEqual(connector.isAtLeastOnce === true ? 2 : 1);
    });
  });

  describe('observed', () => {
    test('a step writes nothing', async () => {
      const tried = await tryStep(suite.step(), { mode: 'observe' });
      expect(tried.result).toBe('observed');
      await expect(trial().effects()).resolves.toBe(0);
      expect(suite.http().seen.filter(isWriteOf(connector))).toEqual([]);
      expect(suite.smtp().stages).toEqual([]);
      expectNoSecret(connector, tried);
    });
  });
}
