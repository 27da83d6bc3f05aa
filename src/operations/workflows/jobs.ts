/** Bulk jobs: one message to many workflows, at a limited rate, with each result as it comes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { SECOND, type CaseMessageName } from '../../domain';
import { isRefused } from '../operation';
import { askingOf, type Asking, type WorkflowDeps } from './context';
import type { Body } from './bodies';
import { send } from './send';
import { fitsAsListed, stillFits } from './still-fits';

/** Each message makes a workflow call systems whose quotas it shares with the events that come in. */
const PER_SECOND = 5;

/** Of jobs that have ended, so many are remembered; of those that run, no more are begun. */
const MAX_KEPT = 50;
const MAX_RUNNING = 5;

export interface Result {
  readonly workflowId: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Job {
  readonly bulkId: string;
  readonly message: CaseMessageName;
  readonly by: string;
  readonly reason: string;
  readonly total: number;
  state: 'running' | 'done' | 'stopped';
  readonly results: Result[];
}

export interface Order {
  readonly message: CaseMessageName;
  readonly body: Body;
  readonly by: string;
  readonly reason: string;
  /** Taken once: visibility may lag behind, and what matches later is not meant. */
  readonly workflowIds: readonly string[];
}

export interface Jobs {
  /** Undefined: too many run. */
  readonly begin: (order: Order) => Job | undefined;
  readonly find: (bulkId: string) => Job | undefined;
  /** After the message that is under way. */
  readonly stop: (job: Job) => void;
}

export function createJobs(deps: WorkflowDeps): Jobs {
  const jobs = new Map<string, { readonly job: Job; readonly stopping: AbortController }>();

  function begin({ workflowIds, ...order }: Order): Job | undefined {
    if ([...jobs.values()].filter(({ job }) => job.state === 'running').length >= MAX_RUNNING) return undefined;
    const { message, by, reason } = order;
    const total = workflowIds.length;
    const job: Job = { bulkId: randomUUID(), message, by, reason, total, state: 'running', results: [] };
    const stopping = new AbortController();
    jobs.set(job.bulkId, { job, stopping });
    forgetOldest(jobs);
    deps.log.info({ bulkId: job.bulkId, message, by, total }, 'a bulk job begins');
    void run(deps, job, { ...order, workflowIds }, AbortSignal.any([stopping.signal, deps.signal])).finally(() => {
      if (job.state === 'running') job.state = job.results.length === total ? 'done' : 'stopped';
      const failed = job.results.filter(({ ok }) => !ok).length;
      deps.log.info({ bulkId: job.bulkId, message, by, total, failed, state: job.state }, 'a bulk job has ended');
      deps.onChange?.('bulk');
    });
    return job;
  }

  return {
    begin,
    find: (bulkId) => jobs.get(bulkId)?.job,
    stop: ({ bulkId }) => jobs.get(bulkId)?.stopping.abort(),
  };
}

function forgetOldest(jobs: Map<string, { readonly job: Job }>): void {
  for (const [bulkId, { job }] of jobs) {
    if (jobs.size <= MAX_KEPT) return;
    if (job.state !== 'running') jobs.delete(bulkId);
  }
}

async function run(deps: WorkflowDeps, job: Job, order: Order, signal: AbortSignal): Promise<void> {
  for (const workflowId of order.workflowIds) {
    if (signal.aborted) return;
    const pause = delay(SECOND / PER_SECOND, undefined, { signal }).catch(() => undefined);
    const client = deps.client();
    const result =
      client === undefined
        ? failed('Temporal cannot be reached')
        : await carryOut(askingOf(deps, client), workflowId, order).catch(() => failed('Temporal did not answer'));
    job.results.push({ workflowId, ...result });
    deps.onChange?.('bulk');
    await pause;
  }
}

type Outcome = Omit<Result, 'workflowId'>;

/** The first of several steps that is refused ends it. */
async function carryOut({ temporal, sources }: Asking, workflowId: string, order: Order): Promise<Outcome> {
  const { message, body, by } = order;
  const found = await temporal.describe(workflowId);
  if (found === null || !fitsAsListed(found, message)) return nothing('it has ended');
  const answer = await temporal.state(workflowId);
  if (!('state' in answer)) return failed('no worker answers');
  const fit = stillFits(answer.state, message, body, { by, timeZone: sources.policy.timeZone });
  if ('done' in fit) return nothing(fit.done);
  for (const each of fit.bodies) {
    const sent = await send(temporal, found, { message, body: each, by });
    if (isRefused(sent)) return failed(sent.refused.detail);
  }
  return { ok: true, detail: 'sent' };
}

function failed(detail: string): Outcome {
  return { ok: false, detail };
}

function nothing(why: string): Outcome {
  return { ok: true, detail: `nothing to do: ${why}` };
}
