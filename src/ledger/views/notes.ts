import type { Pool } from 'pg';
import { storable } from '../pool';

/** What a person wrote about a case. */
export interface StoredNote {
  readonly workflowId: string;
  readonly text: string;
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

type Row = Omit<StoredNote, 'at'> & { readonly at: Date };

const COLUMNS = `workflow_id as "workflowId", text, by, at`;

export async function addNote(pool: Pool, { workflowId, text, by }: Omit<StoredNote, 'at'>): Promise<StoredNote> {
  const { rows } = await pool.query<Row>(
    `insert into notes (workflow_id, text, by) values ($1, $2, $3) returning ${COLUMNS}`,
    [storable(workflowId), storable(text), storable(by)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('a note was written and has no row');
  return noteOf(row);
}

/** Does the ledger know it? */
export async function hasWorkflow(pool: Pool, workflowId: string): Promise<boolean> {
  const { rowCount } = await pool.query('select from receipts where workflow_id = $1 limit 1', [storable(workflowId)]);
  return rowCount !== 0;
}

/** Those on these cases, oldest first. */
export async function notesOf(pool: Pool, workflowIds: readonly string[]): Promise<readonly StoredNote[]> {
  if (workflowIds.length === 0) return [];
  const { rows } = await pool.query<Row>(`select ${COLUMNS} from notes where workflow_id = any($1) order by id`, [
    workflowIds.map(storable),
  ]);
  return rows.map(noteOf);
}

function noteOf({ at, ...row }: Row): StoredNote {
  return { ...row, at: at.toISOString() };
}
