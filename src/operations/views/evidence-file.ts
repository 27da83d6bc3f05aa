/** The evidence of one leaver or of a period: its data rows, their digest, and the CSV. */
import { createHash } from 'node:crypto';
import type { StoredNote } from '../../ledger';
import { toCsv } from './csv';
import { gapsOf, LIMITS } from './evidence-gaps';
import { evidenceRows, type EvidenceRow } from './evidence-rows';
import type { LeaverCase } from './leaver-facts';
import { localTime, utcTime } from './words';

export interface EvidenceCase extends LeaverCase {
  readonly rows: readonly EvidenceRow[];
  readonly gaps: readonly string[];
  /** What was archived: the path under the archive's root, and the SHA-256 of its bytes. */
  readonly archived: readonly { readonly key: string; readonly sha256: string }[];
}

export interface Evidence {
  /** What it is about, as a sentence. */
  readonly about: string;
  readonly cases: readonly EvidenceCase[];
  readonly limits: readonly string[];
  /** ISO 8601. */
  readonly madeAt: string;
  readonly madeBy: string;
  readonly timeZone: string;
  readonly limitMinutes: number;
  /** All lines of the CSV but the last. */
  readonly data: string;
  /** SHA-256 of `data`, hex. */
  readonly digest: string;
}

type Making = Pick<Evidence, 'about' | 'madeAt' | 'madeBy' | 'timeZone' | 'limitMinutes'> & {
  /** What more it cannot know. */
  readonly gaps: readonly string[];
};

export function makeEvidence(
  leavers: readonly LeaverCase[],
  notes: readonly StoredNote[],
  { gaps, ...making }: Making,
): Evidence {
  const cases = leavers.map((leaver) => {
    const own = notes.filter(({ workflowId }) => workflowId === leaver.row.workflowId);
    return { ...leaver, rows: evidenceRows(leaver, own), gaps: gapsOf(leaver), archived: archivedOf(leaver) };
  });
  const data = toCsv(
    COLUMNS,
    cases.flatMap((one) => linesOf(one, making.timeZone)),
  );
  const digest = createHash('sha256').update(data).digest('hex');
  return { ...making, cases, limits: [...gaps, ...LIMITS], data, digest };
}

const COLUMNS = [
  'userId',
  'email',
  'workflowId',
  'eventId',
  'timeUtc',
  'timeLocal',
  'kind',
  'system',
  'what',
  'found',
  'changed',
  'result',
  'by',
  'why',
] as const;

type Line = readonly unknown[];

/** The rows of one leaver, then what became of the access, and what is not known. */
function linesOf(one: EvidenceCase, timeZone: string): readonly Line[] {
  const { row, person, rows, clock, gaps } = one;
  const who = [person.userId, person.email, row.workflowId, row.eventId];
  const lines = rows.map(({ at, kind, system, what, found, changed, result, by, why }) => [
    ...who,
    utcTime(at),
    localTime(at, timeZone),
    ...[kind, system, what, found, changed, result, by, why],
  ]);
  const access = [...who, utcTime(clock.limitAt), localTime(clock.limitAt, timeZone), 'access', '', clockSentence(one)];
  const unknown = gaps.map((gap) => [...who, '', '', 'not known', '', gap]);
  return [...lines, access, ...unknown].map(filled);
}

function filled(line: Line): Line {
  return COLUMNS.map((_, index) => line[index] ?? '');
}

/** The last line says who made the file and when, and the digest of all lines before it. */
export function evidenceCsv(evidence: Evidence): string {
  const { data, digest, madeAt, madeBy, timeZone, about, limits } = evidence;
  const time = ['', '', '', '', utcTime(madeAt), localTime(madeAt, timeZone)];
  const last = [...time, 'file', '', about, '', '', `SHA-256 of all lines above: ${digest}`, madeBy, limits.join(' ')];
  const csv = toCsv(COLUMNS, [last]);
  // Without the header.
  return data + csv.slice(csv.indexOf('\n') + 1);
}

/** The time that access took, as a sentence. */
export function clockSentence({ clock }: LeaverCase): string {
  const { minutes, endedAt, isLate, limitAt } = clock;
  if (endedAt === null || minutes === null)
    return isLate
      ? `Access had not ended by the limit, ${utcTime(limitAt)}`
      : `Access has not ended; the limit is ${utcTime(limitAt)}`;
  return `Access ended ${minutes} minutes after leaving or receipt, whichever is later; ${isLate ? 'LATE' : 'within the limit'}`;
}

function archivedOf({ effects }: LeaverCase): EvidenceCase['archived'] {
  return effects.flatMap(({ system, status, would: { key, sha256 } }) =>
    system === 'archive' && status === 'done' && typeof key === 'string' && typeof sha256 === 'string'
      ? [{ key, sha256 }]
      : [],
  );
}
