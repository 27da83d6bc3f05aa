import type { Pool } from 'pg';
import type { Modes, Policy } from '../../domain';
import type { Action } from '../case';
import type { ProcessState } from '../../../workflows/messages';

/** What the views are made with. */
export interface ViewDeps {
  readonly pool: Pool;
  readonly policy: Policy;
  /** As the connectors are set now. */
  readonly modes: Modes;
  readonly links: {
    /** Of Temporal Web UI; undefined: nothing links to it. */
    readonly uiUrl: string | undefined;
    readonly namespace: string;
  };
  /** What a running workflow says of itself; undefined: it did not answer in time, or does not run. */
  readonly stateOf: (workflowId: string) => Promise<ProcessState | undefined>;
  /** The messages that a workflow of this type takes in this state; absent: none are offered. */
  readonly actionsOf?: ((workflowType: string, state: ProcessState) => readonly Action[]) | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

/** The page of a workflow in Temporal Web UI. */
export function webUiOf({ uiUrl, namespace }: ViewDeps['links'], workflowId: string): string | null {
  if (uiUrl === undefined) return null;
  const list = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return `${list}/${encodeURIComponent(workflowId)}`;
}
