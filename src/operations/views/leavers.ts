import { z } from 'zod';
import { countLeavers, findMatching, listLeavers } from '../../ledger';
import { action } from '../case';
import { defineOperation, type Operation } from '../operation';
import { person } from '../person';
import { webUiOf, type ViewDeps } from './deps';
import type { KnownState } from './known-state';
import { readCases, type LeaverCase } from './leaver-facts';
import { LEAVER_STATUSES, LEAVER_STEPS, type LeaverStepName } from './leaver-steps';
import { cursor, flag, limit, pageOf, shortText, time } from './paging';
import type { ProcessState } from '../../../workflows/messages';

const step = z.object({ status: z.enum(LEAVER_STATUSES), at: z.string().nullable(), detail: z.string().nullable() });
const stepShape = Object.fromEntries(LEAVER_STEPS.map((name) => [name, step])) as Record<LeaverStepName, typeof step>;

const leaver = z.object({
  workflowId: z.string(),
  person,
  reason: z.string().nullable(),
  leftAt: z.string(),
  /** Null: its receipt was pruned. */
  receivedAt: z.string().nullable(),
  limitAt: z.string(),
  accessEndedAt: z.string().nullable(),
  minutes: z.number().nullable(),
  isLate: z.boolean(),
  phase: z.string().nullable(),
  outcome: z.string().nullable(),
  needs: z.enum(['person', 'time', 'system']).nullable(),
  cause: z.string().nullable(),
  steps: z.object(stepShape),
  actions: z.array(action),
  webUi: z.string().nullable(),
});

export type Leaver = z.infer<typeof leaver>;

const position = z.object({ at: z.iso.datetime(), eventId: z.string().max(300) });

/** Of a search, so many people at most. */
const MATCHES = 500;

export function createLeaverOperations(deps: ViewDeps): readonly Operation[] {
  return [
    defineOperation({
      id: 'listLeavers',
      method: 'GET',
      path: '/api/leavers',
      role: 'viewer',
      summary: 'People who leave or have left, the latest first, with the time of each step against the limit.',
      input: z.object({
        from: time.optional(),
        to: time.optional(),
        q: shortText.optional(),
        open: flag.optional(),
        limit,
        cursor: cursor(position).optional(),
      }),
      output: z.object({ leavers: z.array(leaver), total: z.number(), next: z.string().nullable() }),
      topics: ['workflows', 'effects', 'receipts', 'learners'],
      handle: async ({ from, to, q, open, limit: size, cursor: after }) => {
        const userIds = q === undefined ? undefined : await findMatching(deps.pool, q, MATCHES);
        const query = { from, to, userIds, isOpen: open };
        const [rows, total] = await Promise.all([
          listLeavers(deps.pool, { ...query, limit: size + 1, after }),
          countLeavers(deps.pool, query),
        ]);
        const { page, next } = pageOf(rows, size, ({ leftAt, eventId }) => ({ at: leftAt, eventId }));
        const cases = await readCases(deps, page);
        return { leavers: cases.map((one) => leaverOf(deps, one)), total, next };
      },
    }),
  ];
}

function leaverOf(deps: ViewDeps, { row, person: who, state, steps, clock }: LeaverCase): Leaver {
  const { limitAt, endedAt: accessEndedAt, minutes, isLate } = clock;
  return {
    workflowId: row.workflowId,
    person: who,
    reason: row.reason === '' ? null : row.reason,
    leftAt: row.leftAt,
    receivedAt: row.receipt?.receivedAt ?? null,
    ...{ limitAt, accessEndedAt, minutes, isLate },
    phase: state?.phase ?? (row.isOpen ? null : 'done'),
    outcome: row.receipt?.outcome ?? null,
    steps,
    webUi: webUiOf(deps.links, row.workflowId),
    ...answeredBy(deps, state),
  };
}

/** What only a running workflow can say. */
function answeredBy(deps: ViewDeps, state: KnownState | undefined): Pick<Leaver, 'needs' | 'cause' | 'actions'> {
  const answer = state?.answer ?? null;
  if (answer === null) return { needs: null, cause: null, actions: [] };
  return { ...standingOf(answer), actions: [...(deps.actionsOf?.('offboarding', answer) ?? [])] };
}

/** A newer worker says itself what a workflow needs and why. */
const claimed = z.object({
  needs: z.enum(['person', 'time', 'system']).nullable().catch(null),
  cause: z.string().nullable().catch(null),
});

function standingOf(answer: ProcessState): Pick<Leaver, 'needs' | 'cause'> {
  const { needs, cause } = claimed.parse(answer);
  return { needs: needs ?? BY_PHASE[answer.phase] ?? null, cause };
}

const BY_PHASE: Partial<Record<ProcessState['phase'], 'person' | 'time'>> = { parked: 'person', waiting: 'time' };
