import type { Pool } from 'pg';
import type { Policy } from '../../domain';
import type { ForgetRules, Leaderboard } from '../../settings';
import type { Action, Case } from '../case';
import type { ReceiverStatus } from './receivers';
import type { ProcessState } from '../../../workflows/messages';

/** What the views are made with. */
export interface ViewDeps {
  readonly pool: Pool;
  readonly policy: Policy;
  readonly leaderboard: Leaderboard;
  readonly forget: ForgetRules;
  readonly links: {
    /** Of Temporal Web UI; undefined: nothing links to it. */
    readonly uiUrl: string | undefined;
    readonly namespace: string;
  };
  /** What a running workflow says of itself; undefined: it did not answer in time, or does not run. */
  readonly stateOf: (workflowId: string) => Promise<ProcessState | undefined>;
  /** The messages that a workflow of this type takes in this state; absent: none are offered. */
  readonly actionsOf?: ((workflowType: string, state: ProcessState) => readonly Action[]) | undefined;
  /** A person's cases, open ones first; absent: none are shown. */
  readonly casesOf?: ((userId: string) => Promise<readonly Case[]>) | undefined;
  /** How each receiver is. */
  readonly receivers: () => Promise<readonly ReceiverStatus[]>;
  /** What to do about the cause of a refusal, as a sentence. */
  readonly adviseOn: (cause: string) => string | undefined;
  /** Remove files from the archive; `off`: its connector is not `on`. */
  readonly removeFiles: (keys: readonly string[]) => Promise<'done' | 'off'>;
  /** How long Temporal keeps the history of a workflow that has ended. */
  readonly retentionMs?: (() => Promise<number | undefined>) | undefined;
  /** Epoch ms. */
  readonly now: () => number;
}

/** The page of a workflow in Temporal Web UI. */
export function webUiOf({ uiUrl, namespace }: ViewDeps['links'], workflowId: string): string | null {
  if (uiUrl === undefined) return null;
  const list = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return `${list}/${encodeURIComponent(workflowId)}`;
}
