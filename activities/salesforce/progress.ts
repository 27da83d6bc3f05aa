import { Context } from '@temporalio/activity';
import type { Mode } from '../../src/domain';
import { countDueProgress, dueProgress, type DueProgress, markProgress, type SyncOutcome } from '../../src/ledger';
import { askLedger } from '../failure';
import { digest } from '../write-once';
import { MAX_RECORDS, type Fields, type RecordOutcome, type SalesforceParts } from './api';
import { isPassing } from './failure';
import { externalKey, trainingRecord } from './record';

/** The outcome of some of the learners' changed progress. */
export interface Synced {
  readonly synced: number;
  /** Would be synced now, in `observe`; they stay due. */
  readonly observed: number;
  /** Refused by Salesforce, each on its own; tried again when they change, or a day later. */
  readonly refused: number;
  /** The first few of the refused, by external key and Salesforce's error code. */
  readonly examples: readonly { readonly key: string; readonly code: string }[];
  /** More may have changed: call again. */
  readonly more: boolean;
}

export interface ProgressActivities {
  /**
   * Bring learners' changed progress to Salesforce, a thousand records a call at most: what it lacks as it is now,
   * whenever that was. `observe` only counts. One record that is refused keeps no other back. It is called by
   * housekeeping, not by a process: its rows are housekeeping's own.
   */
  syncProgressRecords(request: { readonly mode: Exclude<Mode, 'off'> }): Promise<Synced>;
}

/** So many fit into one call's time limit, with each collection at its slowest. */
const MAX_BATCHES = 5;
const MAX_EXAMPLES = 5;

/** A locked record is free by the next housekeeping; a refused one needs a person, or another fact. */
const PASSING_AGAIN_SECONDS = 600;
const REFUSED_AGAIN_SECONDS = 86_400;

type Counts = Pick<Synced, 'synced' | 'refused' | 'examples'>;

export function createProgressActivities({ api, names, pool, write }: SalesforceParts): ProgressActivities {
  async function syncProgressRecords({ mode }: { readonly mode: Exclude<Mode, 'off'> }): Promise<Synced> {
    const context = { step: 'syncProgressRecords', userId: null, mode } as const;
    if (mode === 'observe') {
      const observed = await askLedger(() => countDueProgress(pool));
      const effect = { context, naturalKey: 'progress', would: { records: observed } };
      if (observed > 0) await write(effect, () => Promise.reject(new Error('observed alone')));
      return { synced: 0, observed, refused: 0, examples: [], more: false };
    }
    let counts: Counts = { synced: 0, refused: 0, examples: [] };
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const due = await askLedger(() => dueProgress(pool, MAX_RECORDS));
      if (due.length > 0) {
        const effect = { context, naturalKey: `progress:${digestOf(due)}`, would: { records: due.length } };
        const done = await write(effect, () => syncBatch(due));
        if (done !== 'observed') counts = added(counts, done);
      }
      if (due.length < MAX_RECORDS) return { ...counts, observed: 0, more: false };
      await pause();
    }
    return { ...counts, observed: 0, more: true };
  }

  async function syncBatch(due: readonly DueProgress[]): Promise<Counts> {
    const { trainingObject: object, keyField } = names;
    const answers = await api.upsertAll({ object, keyField }, due.map(recordOf));
    const outcomes = due.map((of, index) => ({ of, outcome: outcomeOf(answers[index]) }));
    await askLedger(() => markProgress(pool, outcomes));
    const refused = outcomes.flatMap(({ of, outcome: { code } }) => (code === null ? [] : [{ key: keyOf(of), code }]));
    return { synced: due.length - refused.length, refused: refused.length, examples: refused.slice(0, MAX_EXAMPLES) };
  }

  function recordOf(due: DueProgress): Fields {
    const { userId: learnerId, email, moduleName: title, percent: progress, seconds } = due;
    const status = progress >= 100 ? names.statuses.completed : names.statuses.inProgress;
    const facts = { learnerId, email, kind: 'module', title, status, progress, seconds };
    return { ...trainingRecord(names, facts), [names.keyField]: keyOf(due) };
  }

  return { syncProgressRecords };
}

/** Heartbeat between two batches; a cancelled activity ends here. */
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
  return digest(JSON.stringify(due.map(({ userId, moduleId, version }) => [userId, moduleId, version])));
}

function outcomeOf(record: RecordOutcome | undefined): SyncOutcome {
  if (record?.ok === true) return { code: null };
  const code = record?.code ?? 'UNKNOWN';
  return { code, againAfterSeconds: isPassing(code) ? PASSING_AGAIN_SECONDS : REFUSED_AGAIN_SECONDS };
}

function added(before: Counts, now: Counts): Counts {
  return {
    synced: before.synced + now.synced,
    refused: before.refused + now.refused,
    examples: [...before.examples, ...now.examples].slice(0, MAX_EXAMPLES),
  };
}
