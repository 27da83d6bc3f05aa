import { setTimeout as delay } from 'node:timers/promises';
import type { CaseMessageName } from '../../domain';
import { stopAsked } from '../../stop-signal';
import type { AskOps } from '../ask-ops';
import { describeCases, type BulkProgress, type Cases } from './describe';

export interface Order {
  readonly message: CaseMessageName;
  /** The fields of the message, and the reason. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly filter: Readonly<Record<string, string>>;
  readonly dryRun: boolean;
}

interface Begun {
  readonly bulkId?: string;
  readonly total: number;
  readonly matched: number;
  readonly cases?: Cases['cases'];
}

/** Both counts, then each result as it comes. @returns 0; 1 when some failed, or it was stopped. */
export async function sendToAll(ops: AskOps, order: Order, json: boolean): Promise<number> {
  const { message, filter, dryRun } = order;
  const { reason, ...args } = order.args;
  const begun = (await ops.post('/api/bulk', { message, args, reason, filter, dryRun })) as Begun;
  const say = (line: string): void => (json ? undefined : console.log(line));
  const counts = `${begun.total} match, ${begun.matched} take \`${message}\``;
  if (dryRun) {
    describeCases({ cases: begun.cases ?? [] }).forEach(say);
    say(`${counts}; nothing was sent`);
    if (json) console.log(JSON.stringify(begun));
    return 0;
  }
  say(counts);
  const ended = await follow(ops, begun.bulkId ?? '', say);
  const failed = ended.results.filter(({ ok }) => !ok).length;
  say(`${ended.results.length} of ${ended.total} looked at, ${failed} failed; the job is ${ended.state}`);
  if (json) console.log(JSON.stringify({ ...begun, state: ended.state, failed, results: ended.results }));
  return failed === 0 && ended.state === 'done' ? 0 : 1;
}

const POLL_MS = 300;

/** Each result as it comes; Ctrl-C stops the job after the message that is under way. */
async function follow(ops: AskOps, bulkId: string, say: (line: string) => void): Promise<BulkProgress> {
  const path = `/api/bulk/${encodeURIComponent(bulkId)}`;
  const results: BulkProgress['results'][number][] = [];
  const stop = stopAsked().then(() => 'stop' as const);
  for (let isStopping = false; ;) {
    const progress = (await ops.get(path, { after: results.length })) as BulkProgress;
    for (const result of progress.results) {
      results.push(result);
      say(`${result.workflowId}: ${result.ok ? result.detail : `failed: ${result.detail}`}`);
    }
    if (progress.state !== 'running') return { ...progress, results };
    const pause = delay(POLL_MS).then(() => 'go on' as const);
    if (!isStopping && (await Promise.race([pause, stop])) === 'stop') {
      isStopping = true;
      await ops.delete(path);
    } else await pause;
  }
}
