import { inspect } from 'node:util';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { StepContext } from '../../../activities';
import { effectsOf } from '../../../src/ledger';
import { openLedger, type LedgerFixture } from '../../ledger/fixture';
import { scriptHttp, type ScriptedHttp, type Seen } from '../scripted-http';
import { scriptSmtp, type ScriptedSmtp } from '../scripted-smtp';
import { describeHttp } from './http';
import { describeSmtp } from './smtp';

/** What the suite needs to know of a connector to try it. */
export interface Conforming {
  /** In the tests' titles: `identity by SCIM`. */
  readonly name: string;
  readonly system: string;
  /** The faults that the suite plays. `files`: none; the connector's own tests do. */
  readonly protocol: 'http' | 'smtp' | 'files';
  /** The system itself, or its stand-in, started once; for mail, `smtp` is the server of the suite. */
  readonly start: (pool: Pool, smtp: ScriptedSmtp) => Promise<Trial>;
  /** Which requests write; by default all but GET and HEAD. */
  readonly isWrite?: (request: Seen) => boolean;
  /** What the connector makes of an answer to a write, where it differs from the suite's table. */
  readonly unlike?: Readonly<Partial<Record<number | 'html' | 'half', 'unavailable' | 'rejected' | 'done'>>>;
  /** No key keeps the system from doing a step twice: two attempts at the same moment may, though not one after another. */
  readonly isAtLeastOnce?: boolean;
  /** Its SDK knows an error of Node.js by its class, which is another one under Jest, and loses its code here alone. */
  readonly losesCodes?: boolean;
  /** What must never be written down: token, password, address and name of the person. The suite plants them in answers. */
  readonly secrets: readonly string[];
}

/** A connector's step about one person, in a system that has not seen it. */
export interface Trial {
  /** Base URL of the system, when it is reached by HTTP: the suite puts its own server in front. */
  readonly url: string;
  /** One activity with its arguments, of a connector that reaches its system at `url` and gives up after `timeoutMs`. */
  readonly connect: (at: { readonly url: string; readonly timeoutMs: number }) => Step;
  /** How often the system shows that the step was done. What it knows to be one (a Message-ID) counts once. */
  readonly effects: () => Promise<number>;
  /** Back to a system that has not seen the step. */
  readonly reset: () => Promise<unknown>;
  readonly stop: () => Promise<unknown>;
}

export type Step = (context: StepContext) => Promise<unknown>;

export interface Attempt {
  readonly workflowId: string;
  readonly number?: number;
  readonly mode?: StepContext['mode'];
  /** When it resolves, the attempt is cancelled. */
  readonly cancelAfter?: Promise<unknown>;
  /** After it, Temporal gives the attempt up. */
  readonly startToCloseTimeoutMs?: number;
}

export interface Tried {
  readonly result?: unknown;
  readonly failure?: ApplicationFailure;
  /** All that it left behind: the failure with all that it refers to, what was logged, its rows in the ledger. */
  readonly traces: string;
}

/** One attempt of the step `step` of a workflow, as a worker makes it. */
export async function attempt(pool: Pool, step: Step, tried: Attempt): Promise<Tried> {
  const { workflowId, number = 1, mode = 'on', cancelAfter, startToCloseTimeoutMs = 30_000 } = tried;
  const logged: string[] = [];
  const logger = new DefaultLogger('TRACE', (entry) => logged.push(inspect(entry, { depth: 8 })));
  const info = { workflowExecution: { workflowId, runId: 'run-1' }, attempt: number, startToCloseTimeoutMs };
  const env = new MockActivityEnvironment(info, { logger });
  void cancelAfter?.then(() => env.cancel());
  const ended = await env
    .run(() => step({ step: 'step', userId: 'u-of-the-suite', mode }))
    .then(
      (result) => ({ result }),
      (failure: unknown) => ({ failure: failure as ApplicationFailure }),
    );
  const rows = await effectsOf(pool, workflowId);
  return { ...ended, traces: [inspect(ended, { depth: 12, showHidden: true }), ...logged, inspect(rows)].join('\n') };
}

/** What the tests of one connector share; available once they run. */
export interface Suite {
  readonly connector: Conforming;
  readonly isWrite: (request: Seen) => boolean;
  readonly trial: () => Trial;
  readonly http: () => ScriptedHttp;
  readonly smtp: () => ScriptedSmtp;
  /** The connector, behind the suite's server. */
  readonly step: (timeoutMs?: number) => Step;
  /** An attempt of a workflow of its own, unless it is named. */
  readonly attempt: (step: Step, options?: Partial<Attempt>) => Promise<Tried>;
  readonly expectFailure: (tried: Tried, type: 'unavailable' | 'rejected') => void;
}

/** Long enough for a busy machine; what is to reach its limit gets a shorter one. */
const TIMEOUT_MS = 10_000;

let workflows = 0;

/** What every connector passes. A new one is an entry in `conformance.test.ts`. */
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
      isWrite: connector.isWrite ?? (({ method }) => method !== 'GET' && method !== 'HEAD'),
      trial: () => trial,
      http: () => http,
      smtp: () => smtp,
      step: (timeoutMs = TIMEOUT_MS) => {
        const url =
          connector.protocol === 'http' ? trial.url.replace(new URL(trial.url).origin, http.origin) : trial.url;
        return trial.connect({ url, timeoutMs });
      },
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

function expectNoSecret({ secrets }: Conforming, { traces }: Tried): void {
  for (const secret of secrets) expect(traces.toLowerCase()).not.toContain(secret.toLowerCase());
}

function describeRepeats(suite: Suite): void {
  const { connector, trial, attempt: tryStep } = suite;
  const writes = () => suite.http().seen.filter(suite.isWrite);

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
      const written = writes().length;
      for (const number of [1, 2]) {
        const again = await tryStep(suite.step(), { workflowId, number });
        expect(again.failure).toBeUndefined();
        expect(again.result).toEqual(result);
      }
      expect(writes()).toHaveLength(written);
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
      expect(writes()).toEqual([]);
      expect(suite.smtp().stages).toEqual([]);
      expectNoSecret(connector, tried);
    });
  });
}
