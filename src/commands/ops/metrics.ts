import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { lostLogLines } from '../../telemetry';
import { workMetrics } from './work-metrics';

export interface OpsMetricsOptions {
  /** How many are connected to the stream. */
  readonly viewers: () => number;
  /** Undefined while Temporal cannot be reached. */
  readonly client: () => Client | undefined;
  readonly pool: Pool;
}

export interface OpsMetrics {
  /** Everything, in Prometheus' text format, read now. */
  readonly text: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** What the operations know of the work itself, in a registry of its own. */
export function createOpsMetrics({ viewers, client, pool }: OpsMetricsOptions): OpsMetrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  new Gauge({
    name: 'mindtickle_ops_viewers',
    help: 'Browsers that are connected for live changes.',
    registers,
    collect() {
      this.set(viewers());
    },
  });
  new Gauge({
    name: 'mindtickle_ops_temporal_reachable',
    help: '1 once Temporal has been reached.',
    registers,
    collect() {
      this.set(client() === undefined ? 0 : 1);
    },
  });
  new Counter({
    name: 'mindtickle_ops_log_lines_lost_total',
    help: 'Lines of the log that were dropped because nobody read them, or could not be written.',
    registers,
    collect() {
      this.reset();
      this.inc(lostLogLines());
    },
  });
  const readWork = workMetrics(registers, { client, pool, now: Date.now });
  return {
    text: async () => {
      await readWork();
      return { contentType: register.contentType, body: await register.metrics() };
    },
  };
}
