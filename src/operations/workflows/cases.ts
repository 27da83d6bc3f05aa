/** Workflows as people see them: what Temporal lists, with what the ledger knows of their people and events. */
import type { Pool } from 'pg';
import { actionsOf, describeCase, type CaseFacts, type CaseReaders, type System } from '../../domain';
import { findCases, isUnavailable, type KnownCase } from '../../ledger';
import type { Case } from '../case';
import { readPeople, type Person } from '../person';
import type { ProcessState } from '../../../workflows/messages';
import { factsOf, userIdOf } from './facts';
import type { Listed } from './temporal';

/** What lists and buttons need of the policy. */
export interface CasePolicy {
  readonly timeZone: string;
  /** What the systems are called, such as `Okta`. */
  readonly labels?: Readonly<Partial<Record<System, string | undefined>>> | undefined;
}

export interface CaseSources {
  readonly pool: Pool;
  readonly policy: CasePolicy;
  /** The page of a workflow in Temporal Web UI; null: nobody knows where that is. */
  readonly linkTo: (workflowId: string, runId: string) => string | null;
  readonly now: () => number;
}

/** What is known beside what Temporal lists. */
interface Known {
  readonly people: ReadonlyMap<string, Person>;
  readonly cases: ReadonlyMap<string, KnownCase>;
}

/** As a page shows them, in the same order. `states`: of those that were asked. */
export async function casesOf(
  sources: CaseSources,
  listed: readonly Listed[],
  states: ReadonlyMap<string, ProcessState> = new Map(),
): Promise<readonly Case[]> {
  const known = await readKnown(sources.pool, listed);
  return listed.map((one) => caseOf(sources, one, known, states.get(one.workflowId)));
}

/** A ledger that is away hides no case: then people are shown by their ids. */
async function readKnown(pool: Pool, listed: readonly Listed[]): Promise<Known> {
  try {
    const cases = new Map((await findCases(pool, listed.map(idOf))).map((one) => [one.workflowId, one]));
    const userIds = listed.map((one) => personIn(one, cases)).filter((id) => id !== null);
    return { people: await readPeople(pool, userIds), cases };
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return { people: new Map(), cases: new Map() };
  }
}

function idOf({ workflowId }: Listed): string {
  return workflowId;
}

/** Of an event that came without a readable id, and was corrected in quarantine, only the ledger knows whom it is about. */
function personIn(listed: Listed, cases: Known['cases']): string | null {
  return userIdOf(listed) ?? cases.get(listed.workflowId)?.userId ?? null;
}

function caseOf(
  { policy, linkTo, now }: CaseSources,
  listed: Listed,
  { people, cases }: Known,
  state: ProcessState | undefined,
): Case {
  const { workflowId, runId } = listed;
  const userId = personIn(listed, cases);
  const person = userId === null ? null : (people.get(userId) ?? unknownPerson(userId));
  const facts = factsOf(listed, { person, known: cases.get(workflowId), state });
  const readers = { now: now(), timeZone: policy.timeZone, labels: policy.labels };
  return present({ workflowId, runId, webUi: linkTo(workflowId, runId), person }, facts, readers);
}

export function unknownPerson(userId: string): Person {
  return { userId, email: null, name: userId, role: null, teamId: null, managerEmail: null, isActive: true };
}

/** The words of a step are in the sentence. */
function omitWhy(facts: CaseFacts): Omit<CaseFacts, 'why'> {
  const shown: Omit<CaseFacts, 'why'> & { why?: unknown } = { ...facts };
  delete shown.why;
  return shown;
}

export function present(
  { workflowId, runId, webUi, person }: Pick<Case, 'workflowId' | 'runId' | 'webUi' | 'person'>,
  facts: CaseFacts,
  readers: CaseReaders,
): Case {
  const { parked, status, ...shown } = omitWhy(facts);
  const [first] = parked;
  return {
    workflowId,
    runId,
    ...shown,
    status: status as Case['status'],
    person,
    step: first?.step ?? null,
    stepTitle: first?.title ?? null,
    sentence: describeCase(facts, readers),
    actions: actionsOf(facts).map((action) => ({ ...action, asks: [...action.asks] })),
    webUi,
  };
}
