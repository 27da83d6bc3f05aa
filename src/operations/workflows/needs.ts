/** What waits for a person, oldest first, and grouped by what stops it: many at once are one decision. */
import { z } from 'zod';
import { causeSentence, isoTime, systemOf } from '../../domain';
import { workflowCase, type Case } from '../case';
import { defineOperation, type Operation } from '../operation';
import { casesOf, type CasePolicy } from './cases';
import { asking, type WorkflowDeps } from './context';
import { readAll } from './list';
import { deadlineIs, visibilityQuery } from './query';

/** Grouped and sorted here: visibility does neither. */
const MAX_READ = 2000;
const SHOWN = 200;
const MAX_IDS = 100;

const causeGroup = z.object({
  cause: z.string().nullable(),
  system: z.string().nullable(),
  sentence: z.string(),
  count: z.number(),
  step: z.string().nullable(),
  stepTitle: z.string().nullable(),
  workflowIds: z.array(z.string()),
});

export function createNeeds(deps: WorkflowDeps): Operation {
  return defineOperation({
    id: 'listNeeds',
    method: 'GET',
    path: '/api/needs',
    role: 'viewer',
    summary: 'What waits for a person, oldest first, and by cause',
    input: z.object({}),
    output: z.object({
      cases: z.array(workflowCase),
      total: z.number(),
      overdue: z.number(),
      conflicts: z.number(),
      quarantined: z.number(),
      causes: z.array(causeGroup),
      asOf: z.string(),
    }),
    handle: asking(deps, async ({ temporal, sources }) => {
      const now = sources.now();
      const waiting = visibilityQuery({ needs: 'person' }, now);
      const held = visibilityQuery({ needs: 'system' }, now);
      const quarantined = visibilityQuery({ type: 'quarantine' }, now);
      const [listed, systems, total, overdue, conflicts, all] = await Promise.all([
        readAll(temporal, waiting, MAX_READ),
        readAll(temporal, held, MAX_READ),
        temporal.count(waiting),
        temporal.count(`${visibilityQuery({}, now)} AND ${deadlineIs('<', isoTime(now))}`),
        temporal.count(`${quarantined} AND WorkflowId STARTS_WITH 'conflict:'`),
        temporal.count(quarantined),
      ]);
      const cases = [...(await casesOf(sources, listed))].sort(oldestFirst);
      const causes = groupByCause([...cases, ...(await casesOf(sources, systems))], sources.policy);
      return {
        cases: cases.slice(0, SHOWN),
        total,
        overdue,
        conflicts,
        quarantined: all - conflicts,
        causes,
        asOf: isoTime(now),
      };
    }),
  });
}

function oldestFirst(one: Case, other: Case): number {
  return sinceOf(one) < sinceOf(other) ? -1 : 1;
}

function sinceOf({ since, startedAt }: Case): string {
  return since ?? startedAt;
}

/** The most frequent first. The same cause at another step is another group: it is tried again by itself. */
export function groupByCause(
  cases: readonly Case[],
  { labels }: Pick<CasePolicy, 'labels'>,
): z.infer<typeof causeGroup>[] {
  const groups = new Map<string, Case[]>();
  for (const one of cases) {
    const key = JSON.stringify([one.cause, one.step, one.needs]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => describeGroup(group, labels)).sort((a, b) => b.count - a.count);
}

function describeGroup(group: readonly Case[], labels: CasePolicy['labels']): z.infer<typeof causeGroup> {
  const [first] = group;
  const { cause = null, step = null, stepTitle = null } = first ?? {};
  const words = cause === null && first?.workflowType === 'quarantine' ? 'quarantined' : cause;
  const sentence = causeSentence(words, null, labels);
  return {
    cause,
    system: cause === null ? null : systemOf(cause),
    sentence: `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}: ${group.length}`,
    count: group.length,
    step,
    stepTitle,
    workflowIds: group.slice(0, MAX_IDS).map(({ workflowId }) => workflowId),
  };
}
