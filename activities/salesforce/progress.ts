import { createHash } from 'node:crypto';
import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import type { SalesforceNames } from '../../src/domain';
import { countDueProgress, dueProgress, markProgress, type DueProgress, type SyncOutcome } from '../../src/ledger';
import type { Write } from '../write-once';
import { askLedger } from '../ledger/call';
import type { SalesforceActivities, Synced } from '.';
import { MOST_RECORDS, type Fields, type Part, type SalesforceApi } from './api';
import { isPassing } from './failure';
import { externalKey } from './key';
import { trainingRecord } from './record';

export interface ProgressDeps {
  readonly api: SalesforceApi;
  readonly names: SalesforceNames;
  readonly pool: Pool;
  readonly write: Write;
}

/** Of one call: under its time limit, with each collection at its slowest. */
const MOST_BATCHES = 5;
const MOST_EXAMPLES = 5;

/** A locked record is free by the next housekeeping; what was refused wants a person, or another fact. */
const PASSING_AGAIN_SECONDS = 600;
const REFUSED_AGAIN_SECONDS = 86_400;

type Counts = Pick<Synced, 'synced' | 'refused' | 'examples'>;

export function createProgressActivities({
  api,
  names,
  pool,
  write,
}: ProgressDeps): Pick<SalesforceActivities, 'syncProgress'> {
  async function syncProgress({ mode }: Parameters<SalesforceActivities['syncProgress']>[0]): Promise<Synced> {
    const context = { step: 'syncProgress', userId: null, mode } as const;
    if (mode === 'observe') {
      const observed = await askLedger(() => countDueProgress(pool));
      const effect = { context, naturalKey: 'progress', would: { records: observed } };
      if (observed > 0) await write(effect, () => Promise.reject(new Error('observed alone')));
      return { synced: 0, observed, refused: 0, examples: [], more: false };
    }
    let counts: Counts = { synced: 0, refused: 0, examples: [] };
    for (let batch = 0; batch < MOST_BATCHES; batch += 1) {
      const due = await askLedger(() => dueProgress(pool, MOST_RECORDS));
      if (due.length > 0) {
        const effect = { context, naturalKey: `progress:${digestOf(due)}`, would: { records: due.length } };
        const done = await write(effect, () => syncBatch(due));
        if (done !== 'observed') counts = added(counts, done);
      }
      if (due.length < MOST_RECORDS) return { ...counts, observed: 0, more: false };
      await pause();
    }
    return { ...counts, observed: 0, more: true };
  }

  async function syncBatch(due: readonly DueProgress[]): Promise<Counts> {
    const { trainingObject: object, keyField } = names;
    const parts = await api.upsertAll({ object, keyField }, due.map(recordOf));
    const outcomes = due.map((of, index) => ({ of, outcome: outcomeOf(parts[index]) }));
    await askLedger(() => markProgress(pool, outcomes));
    const refused = outcomes.flatMap(({ of, outcome: { code } }) => (code === null ? [] : [{ key: keyOf(of), code }]));
    return { synced: due.length - refused.length, refused: refused.length, examples: refused.slice(0, MOST_EXAMPLES) };
  }

  function recordOf(due: DueProgress): Fields {
    const { userId: learnerId, email, moduleName: title, percent: progress, seconds } = due;
    const status = progress >= 100 ? names.statuses.completed : names.statuses.inProgress;
    const facts = { learnerId, email, kind: 'module', title, status, progress, seconds };
    return { ...trainingRecord(names, facts), [names.keyField]: keyOf(due) };
  }

  return { syncProgress };
}

/** The worker's heart beats between two batches; an activity that was cancelled ends here. */
async function pause(): Promise<void> {
  const { heartbeat, cancellationSignal, cancelled } = Context.current();
  heartbeat();
  if (cancellationSignal.aborted) await cancelled;
}

function keyOf({ userId, moduleId }: DueProgress): string {
  return externalKey(userId, 'module', moduleId);
}

/** The same records at the same state are the same write. */
function digestOf(due: readonly DueProgress[]): string {
  const all = due.map(({ userId, moduleId, version }) => [userId, moduleId, version]);
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 32);
}

function outcomeOf(part: Part | undefined): SyncOutcome {
  if (part?.ok === true) return { code: null };
  const code = part?.code ?? 'UNKNOWN';
  return { code, againAfterSeconds: isPassing(code) ? PASSING_AGAIN_SECONDS : REFUSED_AGAIN_SECONDS };
}

function added(before: Counts, now: Counts): Counts {
  return {
    synced: before.synced + now.synced,
    refused: before.refused + now.refused,
    examples: [...before.examples, ...now.examples].slice(0, MOST_EXAMPLES),
  };
}
