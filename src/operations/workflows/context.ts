/** What every operation about workflows needs, and how an operation asks a Temporal that may be away. */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Modes } from '../../domain';
import { isUnavailable } from '../../ledger';
import type { Logger } from '../../telemetry';
import type { Rereader } from '../../events';
import { refuse, type Caller, type Refused } from '../operation';
import type { CasePolicy, CaseSources } from './cases';
import { codeOf, createTemporal, isAway, type Temporal } from './temporal';

export interface WorkflowDeps {
  /** Undefined while Temporal cannot be reached. */
  readonly client: () => Client | undefined;
  readonly pool: Pool;
  readonly policy: CasePolicy;
  /** Base URL of Temporal Web UI; null: not known. */
  readonly links: { readonly temporalUi: string | null };
  /** Of the connectors. */
  readonly modes: () => Modes;
  readonly companyId: string;
  /** How a redrive will read a body. */
  readonly reread: Rereader;
  /** Epoch ms. */
  readonly now: () => number;
  readonly log: Logger;
  /** Aborted when the process stops: bulk jobs end then. */
  readonly signal: AbortSignal;
  /** What changed by what was asked here, for those who watch. */
  readonly onChange?: ((topic: 'workflows' | 'connectors' | 'bulk') => void) | undefined;
}

/** One Temporal that can be asked now. */
export interface Asking {
  readonly temporal: Temporal;
  readonly sources: CaseSources;
}

const AWAY = 'Temporal cannot be reached now. Nothing was changed by this call, as far as is known; try again.';
/** Of gRPC's status codes. */
const INVALID_ARGUMENT = 3;

const LEDGER_AWAY = 'the ledger does not answer now; try again';

/** An operation's `handle` that asks Temporal: 503 while that, or the ledger, is away. */
export function asking<In, Out>(
  deps: WorkflowDeps,
  handle: (asking: Asking, input: In, caller: Caller) => Promise<Out | Refused>,
): (input: In, caller: Caller) => Promise<Out | Refused> {
  return async (input, caller) => {
    const client = deps.client();
    if (client === undefined) return refuse(503, AWAY);
    try {
      return await handle(askingOf(deps, client), input, caller);
    } catch (error) {
      if (isAway(error)) return refuse(503, AWAY);
      if (isUnavailable(error)) return refuse(503, LEDGER_AWAY);
      if (codeOf(error) === INVALID_ARGUMENT) return refuse(400, 'Temporal does not accept this: see its limits');
      throw error;
    }
  };
}

export function askingOf({ pool, policy, links, now }: WorkflowDeps, client: Client): Asking {
  const temporal = createTemporal(client);
  const linkTo = (workflowId: string, runId: string): string | null =>
    links.temporalUi === null ? null : pageOf(links.temporalUi, [temporal.namespace, workflowId, runId]);
  return { temporal, sources: { pool, policy, linkTo, now } };
}

function pageOf(ui: string, path: readonly string[]): string {
  const [namespace = '', workflowId = '', runId = ''] = path.map(encodeURIComponent);
  return `${ui.replace(/\/+$/, '')}/namespaces/${namespace}/workflows/${workflowId}/${runId}`;
}
