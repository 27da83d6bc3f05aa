import type { Pool } from 'pg';
import { createPage, type Changes, type OpsServerOptions } from '../../operations';
import type { OpsProcessSettings, OpsToken } from '../../settings';
import type { Logger } from '../../telemetry';
import type { BackgroundConnection } from '../../temporal';

export interface OperationsParts {
  readonly settings: OpsProcessSettings;
  readonly temporal: BackgroundConnection;
  readonly pool: Pool;
  readonly changes: Changes;
  readonly log: Logger;
  readonly tokens: () => readonly OpsToken[];
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
}

/** Everything that people can ask and do, and the page. */
export function composeOperations(_parts: OperationsParts): Pick<OpsServerOptions, 'operations' | 'page'> {
  return { operations: [], page: createPage() };
}
