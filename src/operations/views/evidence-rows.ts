/** What an evidence file says of one leaver, as rows: the table in the PDF and the lines of the CSV are the same. */
import type { StoredEffect, StoredNote } from '../../ledger';
import type { LeaverCase } from './leaver-facts';
import { isStep } from './leaver-steps';
import { inWords } from './words';

export interface EvidenceRow {
  /** ISO 8601. */
  readonly at: string;
  readonly kind: 'event' | 'step' | 'change' | 'decision' | 'notified' | 'note';
  readonly system: string;
  readonly what: string;
  /** As it was before. */
  readonly found: string;
  readonly changed: string;
  readonly result: string;
  /** The person, the event or the rule. */
  readonly by: string;
  readonly why: string;
}

const NOTHING = { system: '', found: '', changed: '', result: '', by: '', why: '' };

/** In the order of time. */
export function evidenceRows(leaver: LeaverCase, notes: readonly StoredNote[]): readonly EvidenceRow[] {
  const rows = [
    ...eventRows(leaver),
    ...stepRows(leaver),
    ...leaver.effects.filter(({ system }) => !MESSAGES.includes(system)).map(changeRow),
    ...decisionRows(leaver),
    ...notifiedRows(leaver),
    ...notes.map(({ at, text, by }) => ({ ...NOTHING, at, kind: 'note' as const, what: text, by })),
  ];
  return rows.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** What is written to these is a message, but for the change of an account. */
const MESSAGES: readonly string[] = ['mail'];

function eventRows({ row, person }: LeaverCase): readonly EvidenceRow[] {
  const { receipt, reason, leftAt, eventId } = row;
  const said = `left at ${leftAt}, reason: ${reason === '' ? 'none given' : reason}`;
  const event = { ...NOTHING, kind: 'event' as const, system: 'MindTickle', by: `event ${eventId}` };
  const left = { ...event, at: leftAt, what: 'Day and time of leaving, as the event says', result: said };
  if (receipt === null) return [left];
  const { receivedAt, signedAt, recordedAt, bodyDigest, outcome, closedAt, endedBy } = receipt;
  const rows: EvidenceRow[] = [
    left,
    {
      ...event,
      at: receivedAt,
      what: `user.deprovisioned of ${person.userId} was received`,
      result: `signed ${signedAt}, recorded ${recordedAt}`,
      why: `SHA-256 of the body ${bodyDigest}`,
    },
  ];
  if (closedAt === null) return rows;
  const how = endedBy === null ? '' : inWords(endedBy);
  return [
    ...rows,
    { ...event, system: '', at: closedAt, what: 'The offboarding ended', result: outcome ?? 'ended', why: how },
  ];
}

/** The system of each step; what is taken back has its own name. */
const SYSTEMS: Readonly<Record<string, string>> = {
  freeze: 'identity',
  leaveGroups: 'identity',
  leaveLateGroups: 'identity',
  deactivate: 'identity',
  freezeCrm: 'salesforce',
  deactivateSlack: 'slack',
  archive: 'archive',
};

export function systemOf(step: string): string {
  const own = step.startsWith('undo') ? `${step.charAt(4).toLowerCase()}${step.slice(5)}` : step;
  return Object.entries(SYSTEMS).find(([base]) => isStep(own, base))?.[1] ?? '';
}

function stepRows({ state }: LeaverCase): readonly EvidenceRow[] {
  return (state?.steps ?? []).map(({ step, title, status, detail, at }) => ({
    ...NOTHING,
    at,
    kind: 'step',
    system: systemOf(step),
    what: title,
    result: status,
    by: 'the offboarding',
    why: detail ?? '',
  }));
}

function changeRow(effect: StoredEffect): EvidenceRow {
  const { system, step, status, before, would, result, actor, reason, finishedAt, begunAt, eventId, attempts } = effect;
  const came = typeof result === 'object' && result !== null && Object.keys(result).length === 0 ? null : result;
  return {
    at: finishedAt ?? begunAt,
    kind: 'change',
    system,
    what: `step ${step}`,
    found: inWords(before),
    changed: inWords(would),
    result: [status, inWords(came), attempts > 1 ? `begun ${attempts} times` : '']
      .filter((text) => text !== '')
      .join('; '),
    by: actor ?? `rule: offboarding of event ${eventId}`,
    why: reason ?? '',
  };
}

function decisionRows({ state }: LeaverCase): readonly EvidenceRow[] {
  return (state?.history ?? []).map(({ at, what, by, reason }) => ({
    ...NOTHING,
    at,
    kind: 'decision',
    what,
    by,
    why: reason ?? '',
  }));
}

function notifiedRows({ state }: LeaverCase): readonly EvidenceRow[] {
  return (state?.notified ?? []).map(({ at, role, channel, notification }) => ({
    ...NOTHING,
    at,
    kind: 'notified',
    system: channel,
    what: notification,
    result: `sent to: ${role}`,
    by: 'the offboarding',
  }));
}
