import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { SECOND } from '../../domain';
import type { Changes } from './changes';
import type { Watcher } from './ledger-watcher';

export interface TemporalWatcherOptions {
  /** Undefined while Temporal cannot be reached. */
  readonly client: () => Client | undefined;
  readonly changes: Changes;
  readonly pollMs?: number;
}

const POLL_MS = 2 * SECOND;
const LIMIT_MS = 5 * SECOND;
/** A deadline that somebody moved in Temporal Web UI changes no count. */
const POLLS_PER_ANYWAY = 15;

const QUERIES = [
  '',
  ...['working', 'waiting', 'parked', 'undoing'].map(
    (phase) => `ExecutionStatus="Running" AND MindticklePhase="${phase}"`,
  ),
];

/**
 * Publishes that workflows have changed, by a few counts every two seconds while anybody watches; Temporal has nothing to subscribe to.
 * Most changes write to the ledger too, and are known before.
 */
export function watchTemporal({ client, changes, pollMs = POLL_MS }: TemporalWatcherOptions): Watcher {
  const stopping = new AbortController();
  const { signal } = stopping;
  let known: string | undefined;

  const look = async (poll: number): Promise<void> => {
    const connected = client();
    const now = connected === undefined ? 'away' : await countsOf(connected).catch(() => 'away');
    if (known !== undefined && (now !== known || poll % POLLS_PER_ANYWAY === 0)) changes.publish(['workflows']);
    known = now;
  };
  const polling = (async () => {
    for (let poll = 1; !signal.aborted; poll += 1) {
      if (changes.hasSubscribers()) await look(poll);
      await delay(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    close: async () => {
      stopping.abort();
      await polling;
    },
  };
}

async function countsOf(client: Client): Promise<string> {
  const counts = await client.connection.withDeadline(Date.now() + LIMIT_MS, () =>
    Promise.all(QUERIES.map((query) => client.workflow.count(query))),
  );
  return counts.map(({ count }) => count).join(' ');
}
