import { inspect } from 'node:util';
import type { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { StepContext } from '../../../activities';
import type { System } from '../../../src/domain';
import { effectsOf } from '../../../src/ledger';
import type { Seen } from '../scripted-http';
import type { ScriptedSmtp } from '../scripted-smtp';

/** What a connector's own test knows of it, so that the suite can try it: see `conformance.ts`. */
export interface Conforming {
  /** In the tests' titles: `identity by SCIM`. */
  readonly name: string;
  readonly system: System;
  /** By what the suite plays its faults. `files`: by none; the connector's own tests do. */
  readonly protocol: 'http' | 'smtp' | 'files';
  /** The system itself, or what stands in for it, started once; for mail, `smtp` is the server of the suite. */
  readonly start: (pool: Pool, smtp: ScriptedSmtp) => Promise<Trial>;
  /** Which requests write; by default all but GET and HEAD. */
  readonly isWrite?: (request: Seen) => boolean;
  /** What the connector takes otherwise than the table of the suite, when a write meets it. */
  readonly unlike?: Readonly<Partial<Record<number | 'html' | 'half', 'unavailable' | 'rejected' | 'done'>>>;
  /** It cannot be told to do a step once: two attempts at the same moment may do it twice, though not one after another. */
  readonly isAtLeastOnce?: boolean;
  /** Its SDK knows an error of Node.js by its class, which is another one under Jest, and loses its code here alone. */
  readonly losesCodes?: boolean;
  /** What must never be written down: token, password, address and name of whom the step is about. */
  readonly secrets: readonly string[];
}

/** A connector's step about one person, in a system that has not seen it. */
export interface Trial {
  /** Base URL of the system, where it is reached by HTTP: the suite puts its own server in front. */
  readonly url: string;
  /** One activity with its arguments, of a connector that reaches its system at `url` and gives up after `timeoutMs`. */
  readonly connect: (at: { readonly url: string; readonly timeoutMs: number }) => Step;
  /** How often the system shows that the step was done. What it knows to be one (a Message-ID) counts once. */
  readonly effects: () => Promise<number>;
  /** Back to a system that has not seen the step. */
  readonly reset: () => Promise<unknown>;
  readonly stop: () => Promise<unknown>;
}

export function isWriteOf({ isWrite }: Conforming): (request: Seen) => boolean {
  return isWrite ?? (({ method }) => method !== 'GET' && method !== 'HEAD');
}

export type Step = (context: StepContext) => Promise<unknown>;

export interface Attempt {
  readonly workflowId: string;
  readonly number?: number;
  readonly mode?: StepContext['mode'];
  /** Runs beside it; the answer cancels it. */
  readonly cancelAfter?: Promise<unknown>;
  /** After it, Temporal gives the attempt up. */
  readonly startToCloseTimeoutMs?: number;
}

export interface Tried {
  readonly result?: unknown;
  readonly failure?: ApplicationFailure;
  /** All that it left behind: the failure with all that hangs on it, what was logged, its rows in the ledger. */
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
