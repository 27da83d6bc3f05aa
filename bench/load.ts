import { Pool, type Dispatcher } from 'undici';
import type { Signed } from './deliveries';

/** What a sender saw that sends the next delivery of a connection once the one before is answered. */
export interface Load {
  /** Answered with 2xx. */
  readonly acknowledged: number;
  /** Answered otherwise, or not at all. */
  readonly failed: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly deliveries: readonly Signed[];
  readonly connections: number;
  /** No delivery begins later. */
  readonly maxSeconds: number;
}

const PATH = '/webhooks/mindtickle';
const ANSWER_LIMIT_MS = 30_000;

export async function sendLoad({ url, deliveries, connections, maxSeconds }: LoadOptions): Promise<Load> {
  const pool = new Pool(url, {
    connections,
    pipelining: 1,
    headersTimeout: ANSWER_LIMIT_MS,
    bodyTimeout: ANSWER_LIMIT_MS,
  });
  const latencies: number[] = [];
  let failed = 0;
  const begunAt = performance.now();
  const endsAt = begunAt + maxSeconds * 1000;
  // One iterator for all: each connection takes the next one.
  const left = deliveries.values();
  const work = async (): Promise<void> => {
    for (const delivery of left) {
      const sentAt = performance.now();
      if (sentAt > endsAt) return;
      const status = await post(pool, delivery);
      if (status >= 200 && status < 300) latencies.push(performance.now() - sentAt);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  const seconds = (performance.now() - begunAt) / 1000;
  await pool.destroy();
  const sorted = latencies.sort((a, b) => a - b);
  return {
    acknowledged: sorted.length,
    failed,
    seconds,
    perSecond: sorted.length / seconds,
    p50Ms: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
  };
}

/** The status of the answer; 0: there was none. The plainest way that the client has, since it runs on the same cores. */
function post(pool: Pool, { headers, body }: Signed): Promise<number> {
  return new Promise((resolve) => {
    let status = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseStart: (_controller, statusCode) => void (status = statusCode),
      onResponseData: () => undefined,
      onResponseEnd: () => resolve(status),
      onResponseError: () => resolve(0),
    };
    pool.dispatch({ path: PATH, method: 'POST', headers, body }, handler);
  });
}

function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}
