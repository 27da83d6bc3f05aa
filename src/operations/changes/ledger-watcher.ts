import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from 'pg';
import { SECOND } from '../../domain';
import { createLedgerListener, readTableCounts } from '../../ledger';
import type { Topic } from '../operation';
import type { Changes } from './changes';

export interface LedgerWatcherOptions {
  readonly pool: Pool;
  readonly url: () => string;
  readonly changes: Changes;
  readonly pollMs?: number;
}

export interface Watcher {
  readonly close: () => Promise<void>;
}

const POLL_MS = 2 * SECOND;
/** Where announcements are heard, this only makes up for one that was lost with its process. */
const POLLS_WHILE_LISTENING = 5;

const TOPICS_OF: Readonly<Record<string, readonly Topic[]>> = {
  receipts: ['receipts', 'workflows'],
  replays: ['receipts'],
  effects: ['effects'],
  refusals: ['refusals'],
  learners: ['learners'],
  departures: ['learners'],
  completions: ['progress'],
  quiz_results: ['progress'],
  progress: ['progress'],
  expiries: ['workflows'],
  open_workflows: ['workflows'],
  notes: ['workflows'],
};

/** Publishes what others write into the ledger: as announced, else by looking every two seconds while anybody watches. */
export function watchLedger({ pool, url, changes, pollMs = POLL_MS }: LedgerWatcherOptions): Watcher {
  const stopping = new AbortController();
  const { signal } = stopping;
  const publish = (tables: readonly string[]): void =>
    changes.publish([...new Set(tables.flatMap((table) => TOPICS_OF[table] ?? []))]);
  const listener = createLedgerListener({ pool, url, onWritten: publish });
  let known: ReadonlyMap<string, string> | undefined;

  const look = async (): Promise<void> => {
    const now = await readTableCounts(pool);
    if (known !== undefined) publish([...now.keys()].filter((table) => now.get(table) !== known?.get(table)));
    known = now;
  };
  const polling = (async () => {
    for (let poll = 0; !signal.aborted; poll += 1) {
      const isDue = !listener.isListening() || poll % POLLS_WHILE_LISTENING === 0;
      if (changes.hasSubscribers() && isDue) await look().catch(() => undefined);
      await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  const close = async (): Promise<void> => {
    stopping.abort();
    await Promise.all([listener.close(), polling]);
  };
  return { close };
}
