/** The operations of bulk jobs: a dry run, the job itself, how far it is, and its stop. */
import { z } from 'zod';
import { CASE_MESSAGE_NAMES, SECOND, type CaseMessageName } from '../../domain';
import { workflowCase } from '../case';
import { defineOperation, isRefused, refuse, type Caller, type Operation, type Refused } from '../operation';
import { bodyOf, type Body } from './bodies';
import { casesOf } from './cases';
import { asking, type Asking, type WorkflowDeps } from './context';
import { createJobs, type Job, type Jobs } from './jobs';
import { queryFor, readAll } from './list';
import { caseFilter, isIn } from './query';
import { workflowId } from './show';
import { fitsAsListed, stillFits } from './still-fits';
import type { Listed } from './temporal';

/** More in one job is a mistake in the filter, or wants an hour: at five a second. */
const MAX_WORKFLOWS = 20_000;

/** Of so many a dry run asks each what it would do; of more it counts what the list says. */
const MAX_ASKED = 200;
const ASKED_AT_ONCE = 10;
const SHOWN = 100;

const order = z.object({
  message: z.enum(CASE_MESSAGE_NAMES as [CaseMessageName, ...CaseMessageName[]]),
  /** The fields of the message. */
  args: z.record(z.string(), z.unknown()).default({}),
  reason: z.string().trim().min(1).max(2000),
  filter: caseFilter.omit({ status: true }).extend({
    /** Of those that match, these alone: what somebody has selected. */
    workflowIds: z.array(workflowId).min(1).max(500).optional(),
  }),
  dryRun: z.boolean(),
});

const begun = z.object({
  bulkId: z.string().optional(),
  /** As visibility counts. */
  total: z.number(),
  /** That the message still makes sense for, as far as it was asked. */
  matched: z.number(),
  /** Of a dry run, the first ones that it would be sent to. */
  cases: z.array(workflowCase).optional(),
});

const bulkId = z.uuid();

const progress = z.object({
  bulkId,
  message: z.string(),
  by: z.string(),
  reason: z.string(),
  total: z.number(),
  done: z.number(),
  failed: z.number(),
  state: z.enum(['running', 'done', 'stopped']),
  results: z.array(z.object({ workflowId: z.string(), ok: z.boolean(), detail: z.string() })),
});

export function createBulk(deps: WorkflowDeps): readonly Operation[] {
  const jobs = createJobs(deps);
  return [
    defineOperation({
      id: 'sendToMany',
      method: 'POST',
      path: '/api/bulk',
      role: 'operator',
      summary: 'Send one message to all cases that match; with dryRun, say which those are',
      input: order,
      output: begun,
      handle: asking(deps, async (asked, input: z.output<typeof order>, caller) => {
        const body = readBody(input);
        if (isRefused(body)) return body;
        const { workflowIds, ...filter } = input.filter;
        const matching = await queryFor(asked, filter);
        if (typeof matching !== 'string') return matching;
        const query = workflowIds === undefined ? matching : `${matching} AND ${isIn('WorkflowId', workflowIds)}`;
        const [total, listed] = await Promise.all([
          asked.temporal.count(query),
          readAll(asked.temporal, query, MAX_WORKFLOWS),
        ]);
        const matched = listed.filter((one) => fitsAsListed(one, input.message));
        if (input.dryRun) return dryRun(asked, { total, matched, body, message: input.message, by: caller.by });
        return beginJob(jobs, { total, matched, body }, input, caller);
      }),
    }),
    defineOperation({
      id: 'showBulk',
      method: 'GET',
      path: '/api/bulk/{bulkId}',
      role: 'viewer',
      summary: 'How far a bulk job is, and the result of each case; `after`: only the results behind so many',
      input: z.object({ bulkId, after: z.coerce.number().int().min(0).default(0) }),
      output: progress,
      handle: (input: { bulkId: string; after: number }) => Promise.resolve(withJob(jobs, input.bulkId, input.after)),
    }),
    defineOperation({
      id: 'stopBulk',
      method: 'DELETE',
      path: '/api/bulk/{bulkId}',
      role: 'operator',
      summary: 'Stop a bulk job after the message that is under way',
      input: z.object({ bulkId }),
      output: progress,
      handle: (input: { bulkId: string }) => {
        const job = jobs.find(input.bulkId);
        if (job !== undefined) jobs.stop(job);
        return Promise.resolve(withJob(jobs, input.bulkId, job?.results.length ?? 0));
      },
    }),
  ];
}

/** The fields of the message, checked before anything is sent. */
function readBody({ message, args, reason }: z.output<typeof order>): Body | Refused {
  const read = bodyOf(message)
    .strict()
    .safeParse({ ...args, reason });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return refuse(400, `args.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'does not fit'}`);
}

interface Matching {
  readonly total: number;
  readonly matched: readonly Listed[];
  readonly body: Body;
}

function beginJob(jobs: Jobs, { total, matched, body }: Matching, input: z.output<typeof order>, { by }: Caller) {
  if (total > MAX_WORKFLOWS) return refuse(400, `${total} match: name a narrower filter, ${MAX_WORKFLOWS} at most`);
  const { message, reason } = input;
  const workflowIds = matched.map(({ workflowId }) => workflowId);
  const job = jobs.begin({ message, body, by, reason, workflowIds });
  if (job === undefined) return refuse(409, 'several bulk jobs run already: wait for one, or stop it');
  return { bulkId: job.bulkId, total, matched: matched.length };
}

/** Asks each workflow, where they are not too many: what has it already is not counted. */
async function dryRun(
  { temporal, sources }: Asking,
  { total, matched, body, message, by }: Matching & { readonly message: CaseMessageName; readonly by: string },
) {
  const asked = matched.length > MAX_ASKED ? [] : matched;
  const giveUpAt = performance.now() + 5 * SECOND;
  const fits = await inSlices(asked, ASKED_AT_ONCE, async (one) => {
    // A worker that is away answers none of them.
    if (performance.now() > giveUpAt) return true;
    const answer = await temporal.state(one.workflowId);
    return (
      !('state' in answer) ||
      'bodies' in stillFits(answer.state, message, body, { by, timeZone: sources.policy.timeZone })
    );
  });
  const fitting = matched.filter((_, index) => fits[index] ?? true);
  const cases = await casesOf(sources, fitting.slice(0, SHOWN));
  return { total, matched: fitting.length, cases: [...cases] };
}

async function inSlices<T, R>(all: readonly T[], size: number, work: (one: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (let at = 0; at < all.length; at += size) done.push(...(await Promise.all(all.slice(at, at + size).map(work))));
  return done;
}

function withJob(jobs: Jobs, id: string, after: number): z.input<typeof progress> | Refused {
  const job = jobs.find(id);
  if (job === undefined) return refuse(404, 'no bulk job of this id is remembered: they are kept in memory');
  return { ...shown(job), results: job.results.slice(after) };
}

function shown({ results, ...job }: Job): Omit<z.input<typeof progress>, 'results'> {
  return { ...job, done: results.length, failed: results.filter(({ ok }) => !ok).length };
}
