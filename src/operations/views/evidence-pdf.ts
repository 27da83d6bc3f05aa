/** The evidence file as PDF: one section a leaver, each a summary, a table of the steps, and all that is known in order. */
import { setImmediate } from 'node:timers/promises';
import PDFDocument from 'pdfkit';
import type { Evidence, EvidenceCase } from './evidence-file';
import { clockSentence } from './evidence-file';
import { nameOfStep } from './evidence-gaps';
import type { EvidenceRow } from './evidence-rows';
import { LEAVER_STEPS } from './leaver-steps';
import { createPage, MARGIN, type Column, type Page } from './pdf-page';
import { localTime, utcTime } from './words';

export async function evidencePdf(evidence: Evidence): Promise<Buffer> {
  const made = new Date(evidence.madeAt);
  const document = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    margin: MARGIN,
    bufferPages: true,
    info: { Title: 'Offboarding evidence', CreationDate: made, ModDate: made },
  });
  const chunks: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    document.on('data', (chunk: Buffer) => chunks.push(chunk));
    document.on('end', resolve);
    document.on('error', reject);
  });
  const page = createPage(document);
  writeCover(page, evidence);
  for (const [index, one] of evidence.cases.entries()) {
    if (index > 0) page.newPage();
    writeCase(page, one, evidence);
    // A period may be long: other requests are answered in between.
    await setImmediate();
  }
  page.footers(
    (number, count) =>
      `Offboarding evidence, made ${utcTime(evidence.madeAt)} · data ${evidence.digest.slice(0, 16)}… · page ${number} of ${count}`,
  );
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

function writeCover(page: Page, evidence: Evidence): void {
  const { about, cases, madeAt, madeBy, timeZone, digest, limits, limitMinutes } = evidence;
  page.title('Offboarding evidence');
  page.text(about);
  page.facts([
    ['Made', `${both(madeAt, timeZone)}, by ${madeBy}`],
    ['Times', `UTC, then ${timeZone} with its offset`],
    ['Leavers', String(cases.length)],
    ['Limit for access', `${limitMinutes} minutes from leaving or receipt, whichever is later`],
    ['SHA-256 of the data', `${digest} (of all lines but the last of the CSV of the same content)`],
  ]);
  page.heading('What this file cannot know');
  for (const limit of limits) page.text(`· ${limit}`);
  if (cases.length > 1) {
    page.heading('The leavers of this file');
    page.table(
      OVERVIEW,
      cases.map((one) => overviewOf(one, timeZone)),
    );
    page.newPage();
  }
}

const OVERVIEW: readonly Column[] = [
  { title: 'Person', width: 0.24 },
  { title: 'Left', width: 0.2 },
  { title: 'Access', width: 0.36 },
  { title: 'Outcome', width: 0.2 },
];

function overviewOf(one: EvidenceCase, timeZone: string): readonly string[] {
  return [nameOf(one), both(one.row.leftAt, timeZone), clockSentence(one), outcomeOf(one)];
}

function nameOf({ person }: EvidenceCase): string {
  return person.email === null ? person.userId : `${person.userId} <${person.email}>`;
}

function outcomeOf({ row, state }: EvidenceCase): string {
  const outcome = row.receipt?.outcome ?? null;
  if (outcome !== null) return outcome;
  if (row.isOpen) return state?.phase === undefined ? 'running' : `running (${state.phase ?? ''})`;
  return 'ended; how is not kept';
}

function writeCase(page: Page, one: EvidenceCase, { timeZone }: Evidence): void {
  const { row, clock, archived, steps, gaps, state } = one;
  page.heading(`Leaver ${nameOf(one)}`);
  page.facts([
    ['Reason', row.reason === '' ? 'none given' : row.reason],
    ['Left', both(row.leftAt, timeZone)],
    ['Event received', row.receipt === null ? 'not kept' : both(row.receipt.receivedAt, timeZone)],
    ['Event, workflow', row.eventId === row.workflowId ? row.eventId : `${row.eventId}, ${row.workflowId}`],
    ['Access', clockSentence(one)],
    ['Limit', both(clock.limitAt, timeZone)],
    ['Outcome', [outcomeOf(one), state?.waitingFor ?? ''].filter((text) => text !== '').join('; waits for ')],
    ...archived.map(({ key, sha256 }) => ['Archived', `${key}, SHA-256 ${sha256}`] as const),
  ]);
  page.table(
    STEPS,
    LEAVER_STEPS.map((name) => {
      const { status, at, detail } = steps[name];
      return [nameOfStep(name), STATUSES[status] ?? status, at === null ? '' : both(at, timeZone), detail ?? ''];
    }),
  );
  if (gaps.length > 0) page.heading('What is not known of this leaver');
  for (const gap of gaps) page.text(`· ${gap}`);
  page.heading('Everything that is known, in the order of time');
  page.table(
    ROWS,
    one.rows.map((each) => rowOf(each, timeZone)),
  );
}

const STEPS: readonly Column[] = [
  { title: 'Step', width: 0.22 },
  { title: 'Status', width: 0.13 },
  { title: 'At', width: 0.31 },
  { title: 'Detail', width: 0.34 },
];

const STATUSES: Readonly<Record<string, string>> = {
  notFound: 'not found',
  wouldDo: 'only observed',
  off: 'not connected',
  notSupported: 'cannot be ended',
};

const ROWS: readonly Column[] = [
  { title: 'Time', width: 0.155 },
  { title: 'Kind, system', width: 0.09 },
  { title: 'What', width: 0.17 },
  { title: 'Found', width: 0.13 },
  { title: 'Changed', width: 0.155 },
  { title: 'Result', width: 0.14 },
  { title: 'By, why', width: 0.16 },
];

function rowOf({ at, kind, system, what, found, changed, result, by, why }: EvidenceRow, timeZone: string): string[] {
  const source = [kind, system].filter((text) => text !== '').join(', ');
  const cause = [by, why].filter((text) => text !== '').join(': ');
  return [both(at, timeZone), source, what, found, changed, result, cause];
}

function both(iso: string, timeZone: string): string {
  return timeZone === 'UTC' ? utcTime(iso) : `${utcTime(iso)} / ${localTime(iso, timeZone)}`;
}
