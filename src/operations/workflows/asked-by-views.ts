/** What the views of the ledger ask about running workflows. */
import { actionsOf, type CaseFacts } from '../../domain';
import type { Action, Case } from '../case';
import type { ProcessState } from '../../../workflows/messages';
import { casesOf } from './cases';
import { askingOf, type WorkflowDeps } from './context';
import { createRemoveFiles, type RemoveFiles } from './erase-archive';
import { asAsked, NOT_RESTING } from './facts';
import { readAll } from './list';
import { visibilityQuery } from './query';

export interface AskedByViews {
  /** What a running workflow says of itself; undefined: it did not answer in time, or does not run. */
  readonly stateOf: (workflowId: string) => Promise<ProcessState | undefined>;
  /** The messages that a running workflow of this type takes in this state. */
  readonly actionsOf: (workflowType: string, state: ProcessState) => readonly Action[];
  /** A person's cases that Temporal still has, the newest first; none while it is away. */
  readonly casesOf: (userId: string) => Promise<readonly Case[]>;
  /** Remove files from the archive. @throws when Temporal, or the archive's worker, does not answer. */
  readonly removeFiles: RemoveFiles;
}

const MAX_CASES = 100;

export function createAskedByViews(deps: WorkflowDeps): AskedByViews {
  const stateOf = async (workflowId: string): Promise<ProcessState | undefined> => {
    const client = deps.client();
    if (client === undefined) return undefined;
    const answer = await askingOf(deps, client).temporal.state(workflowId);
    return 'state' in answer ? answer.state : undefined;
  };
  const casesOfPerson = async (userId: string): Promise<readonly Case[]> => {
    const client = deps.client();
    if (client === undefined) return [];
    const { temporal, sources } = askingOf(deps, client);
    const query = visibilityQuery({ userId, status: 'all' }, deps.now());
    const listed = await readAll(temporal, query, MAX_CASES).catch(() => []);
    return casesOf(sources, listed);
  };
  return { stateOf, actionsOf: actionsInState, casesOf: casesOfPerson, removeFiles: createRemoveFiles(deps) };
}

function actionsInState(workflowType: string, state: ProcessState): readonly Action[] {
  const facts: CaseFacts = {
    ...asAsked(NOT_RESTING, state),
    workflowType,
    event: null,
    status: state.outcome === null ? 'running' : 'completed',
    person: null,
    about: null,
    phase: state.phase,
    outcome: state.outcome,
    deadline: state.deadline,
    startedAt: '',
    closedAt: null,
  };
  return actionsOf(facts).map((action) => ({ ...action, asks: [...action.asks] }));
}
