import { setTimeout as sleep } from 'node:timers/promises';
import type { Planned } from './deliveries';
import { countAnswers } from './report';
import type { Attempt, Sender } from './sender';

export interface LoadOptions {
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly next: () => Planned;
  readonly signal: AbortSignal;
}

/** How deliveries were answered that came at a steady rate, whether or not earlier ones were answered. */
export interface LoadReport {
  readonly sent: number;
  readonly byAnswer: Readonly<Record<string, number>>;
  /** Answered 200. */
  readonly taken: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Send at a steady rate for so long. */
export async function runSteadyLoad(sender: Sender, options: LoadOptions): Promise<LoadReport> {
  const { ratePerSecond, seconds, next, signal } = options;
  const attempts: Attempt[] = [];
  const latencies: number[] = [];
  const underWay: Promise<void>[] = [];
  const begunAt = performance.now();
  const send = async (): Promise<void> => {
    const sentAt = performance.now();
    attempts.push(await sender.send(next()));
    latencies.push(performance.now() - sentAt);
  };
  for (let count = 0; count < ratePerSecond * seconds; count += 1) {
    const dueAt = begunAt + (count * 1000) / ratePerSecond;
    const early = dueAt - performance.now();
    if (early > 1) await sleep(early, undefined, { signal });
    underWay.push(send());
  }
  await Promise.all(underWay);
  const sorted = latencies.sort((a, b) => a - b);
  return {
    sent: attempts.length,
    byAnswer: countAnswers(attempts),
    taken: attempts.filter(({ answer }) => answer !== 'unanswered' && answer.status === 200).length,
    p50Ms: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
    maxMs: percentile(sorted, 100),
  };
}

/** Send all of them, in this order, over so many connections. */
export async function sendAll(
  sender: Sender,
  deliveries: readonly Planned[],
  connections: number,
): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  await forEachConcurrently(deliveries, connections, async (planned) => {
    attempts.push(await sender.send(planned));
  });
  return attempts;
}

/** Call `action` for each item, in order, at most `limit` at once. */
export async function forEachConcurrently<T>(
  items: readonly T[],
  limit: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  // One iterator for all: each worker takes the next item.
  const left = items.values();
  const work = async (): Promise<void> => {
    for (const item of left) await action(item);
  };
  await Promise.all(Array.from({ length: limit }, work));
}

function percentile(sorted: readonly number[], percent: number): number {
  const at = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return Math.round((sorted[at] ?? 0) * 100) / 100;
}
