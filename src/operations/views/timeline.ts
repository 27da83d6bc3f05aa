/** Everything that is known of a person, as one list in the order of time, the newest first. */
import { z } from 'zod';
import type { LearnerRecord, StoredEffect } from '../../ledger';
import { endedState, type KnownState } from './known-state';
import { inWords } from './words';

export const timelineEntry = z.object({
  at: z.string(),
  kind: z.enum(['event', 'decision', 'effect', 'notified', 'note']),
  text: z.string(),
  by: z.string().nullable(),
  workflowId: z.string().nullable(),
  system: z.string().nullable(),
  status: z.string().nullable(),
});

export type TimelineEntry = z.infer<typeof timelineEntry>;

const MOST = 500;

/** `running`: the state of workflows that answered. */
export function timelineOf(record: LearnerRecord, running: ReadonlyMap<string, KnownState>): readonly TimelineEntry[] {
  const states = record.received.flatMap(({ workflowId, final }) => {
    const state = running.get(workflowId) ?? endedState(final);
    return state === undefined ? [] : [{ workflowId, state }];
  });
  const entries = [
    ...eventEntries(record),
    ...record.effects.map(effectEntry),
    ...record.notes.map(({ at, text, by, workflowId }) => entry({ at, kind: 'note', text, by, workflowId })),
    ...states.flatMap(({ workflowId, state }) => [
      ...decisionEntries(workflowId, state),
      ...notifiedEntries(workflowId, state),
    ]),
  ];
  return entries.sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, MOST);
}

function entry(given: Pick<TimelineEntry, 'at' | 'kind' | 'text'> & Partial<TimelineEntry>): TimelineEntry {
  return { by: null, workflowId: null, system: null, status: null, ...given };
}

/** What each event said; of one whose fact is not kept, its name. */
function eventEntries({ said, received }: LearnerRecord): readonly TimelineEntry[] {
  const receipts = new Map(received.map((receipt) => [receipt.eventId, receipt]));
  const known = new Set(said.map(({ eventId }) => eventId));
  const facts = said.map(({ at, text, eventId }) => {
    const receipt = receipts.get(eventId);
    return entry({
      at,
      kind: 'event',
      text,
      by: `event ${eventId}`,
      workflowId: receipt?.workflowId ?? eventId,
      status: receipt?.outcome ?? null,
    });
  });
  const others = received.filter(({ eventId }) => !known.has(eventId));
  return [
    ...facts,
    ...others.map(({ eventId, event, receivedAt, workflowId, outcome }) =>
      entry({
        at: receivedAt,
        kind: 'event',
        text: event ?? 'an event that could not be read',
        by: `event ${eventId}`,
        workflowId,
        status: outcome,
      }),
    ),
  ];
}

function effectEntry({
  system,
  step,
  would,
  status,
  actor,
  finishedAt,
  begunAt,
  workflowId,
}: StoredEffect): TimelineEntry {
  return entry({
    at: finishedAt ?? begunAt,
    kind: 'effect',
    text: `${step}: ${inWords(would)}`,
    by: actor,
    ...{ workflowId, system, status },
  });
}

function decisionEntries(workflowId: string, { history }: KnownState): readonly TimelineEntry[] {
  return history.map(({ at, what, by, reason }) =>
    entry({ at, kind: 'decision', text: reason === null ? what : `${what}: ${reason}`, by, workflowId }),
  );
}

function notifiedEntries(workflowId: string, { notified }: KnownState): readonly TimelineEntry[] {
  return notified.map(({ at, role, channel, notification }) =>
    entry({ at, kind: 'notified', text: `${notification} to: ${role}`, system: channel, workflowId }),
  );
}
