import type { Pool } from 'pg';
import { READ_EFFECTS, storedEffect, type EffectRow, type StoredEffect } from '../effects';
import { storable } from '../pool';
import type { FinalState } from './leavers';
import { notesOf, type StoredNote } from './notes';

/** Something that an event said of a person, as a sentence without a subject. */
export interface SaidRow {
  readonly eventId: string;
  /** The fact's own time, ISO 8601. */
  readonly at: string;
  readonly text: string;
}

export interface ReceivedRow {
  readonly eventId: string;
  readonly event: string | null;
  readonly workflowId: string;
  readonly receivedAt: string;
  readonly closedAt: string | null;
  readonly outcome: string | null;
  readonly final: FinalState | null;
}

export interface LearnerRecord {
  readonly said: readonly SaidRow[];
  readonly received: readonly ReceivedRow[];
  readonly effects: readonly StoredEffect[];
  readonly notes: readonly StoredNote[];
}

/** Of each kind, the newest of a person. */
const MOST = 300;

export async function readLearnerRecord(pool: Pool, userId: string): Promise<LearnerRecord> {
  const id = storable(userId);
  const [said, received, effects] = await Promise.all([
    pool.query<Omit<SaidRow, 'at'> & { readonly at: Date }>(SAID, [id]),
    pool.query<Omit<ReceivedRow, 'receivedAt' | 'closedAt'> & { receivedAt: Date; closedAt: Date | null }>(RECEIVED, [
      id,
    ]),
    pool.query<EffectRow>(`${READ_EFFECTS} where user_id = $1 order by begun_at desc limit ${MOST}`, [id]),
  ]);
  const workflowIds = [...received.rows, ...effects.rows].map(({ workflowId }) => workflowId);
  return {
    said: said.rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() })),
    received: received.rows.map(({ receivedAt, closedAt, ...row }) => ({
      ...row,
      receivedAt: receivedAt.toISOString(),
      closedAt: closedAt?.toISOString() ?? null,
    })),
    effects: effects.rows.map(storedEffect),
    notes: await notesOf(pool, [...new Set(workflowIds)]),
  };
}

const RECEIVED = `
  select event_id as "eventId", event, workflow_id as "workflowId", received_at as "receivedAt",
    closed_at as "closedAt", outcome, final
  from receipts r where user_id = $1 order by received_at desc limit ${MOST}`;

const PERCENT = (column: string): string => `round(${column}::numeric, 1)::float8 || ' %'`;

const SAID = `
  select * from (
    (select event_id as "eventId", at, 'completed the course ' || course_name || ' with ' || ${PERCENT('score')} as text
     from completions where user_id = $1 order by at desc limit ${MOST})
    union all
    (select event_id, at, case result when 'passed' then 'passed' when 'failed' then 'failed' else 'took' end
       || ' the quiz ' || quiz_name || coalesce(' with ' || ${PERCENT('percent')}, '')
     from quiz_results where user_id = $1 order by at desc limit ${MOST})
    union all
    (select event_id, at, 'the certificate ' || cert_name || ' expired; to be renewed by ' || to_char(deadline at time zone 'UTC', 'YYYY-MM-DD HH24:MI UTC')
     from expiries where user_id = $1 order by at desc limit ${MOST})
    union all
    (select event_id, at, 'is at ' || ${PERCENT('percent')} || ' of the module ' || module_name
     from progress where user_id = $1 order by at desc limit ${MOST})
    union all
    (select event_id, at, 'left' || case when reason = '' then '' else ', reason: ' || reason end
       || case when withdrawn_by is null then '' else ' (taken back)' end
     from departures where user_id = $1 order by at desc limit ${MOST})
  ) as said order by at desc limit ${MOST}`;
