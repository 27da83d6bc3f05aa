import type { Pool } from 'pg';
import {
  createAskedByViews,
  createHealthOperation,
  createPage,
  createReceivers,
  createViewOperations,
  createWorkflowOperations,
  type Changes,
  type OpsServerOptions,
} from '../../operations';
import { healthChecks } from './health';
import { rememberModes } from './modes';
import { adviseOn, createRereader } from '../../receiver';
import type { OpsProcessSettings, OpsToken } from '../../settings';
import type { Logger } from '../../telemetry';
import { readRetention, type BackgroundConnection } from '../../temporal';

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
export function composeOperations(parts: OperationsParts): Pick<OpsServerOptions, 'operations' | 'page'> {
  const { settings, temporal, pool, changes, log, tokens, signal } = parts;
  const { policy, leaderboard, forget, links, companyId } = settings;
  const { timeZone } = policy.calendar;
  const modes = rememberModes({ pool, otherwise: settings.modes, now: () => performance.now() });
  const workflows = {
    client: temporal.client,
    pool,
    policy: { timeZone },
    links: { temporalUi: links.uiUrl ?? null },
    modes,
    companyId,
    reread: createRereader({ companyId, timeZone }),
    now: Date.now,
    log,
    signal,
    onChange: (topic: 'workflows' | 'connectors' | 'bulk') => changes.publish([topic]),
  };
  const asked = createAskedByViews(workflows);
  const receivers = createReceivers({ urls: settings.receiverUrls, token: () => tokenForReceivers(tokens()) });
  const views = {
    ...asked,
    pool,
    policy,
    leaderboard,
    forget,
    receivers,
    adviseOn,
    retentionMs: () => retentionOf(temporal),
    links: { uiUrl: links.uiUrl, namespace: temporal.namespace },
    now: Date.now,
  };
  const health = createHealthOperation(() => healthChecks({ ...parts, modes: modes() }, receivers));
  return {
    operations: [...createWorkflowOperations(workflows), ...createViewOperations(views), health],
    page: createPage(),
  };
}

/** Receivers have the same tokens; asking needs no operator. */
function tokenForReceivers(tokens: readonly OpsToken[]): string | undefined {
  return (tokens.find(({ role }) => role === 'viewer') ?? tokens[0])?.token;
}

async function retentionOf({ client, namespace }: BackgroundConnection): Promise<number | undefined> {
  const connected = client();
  return connected === undefined ? undefined : readRetention(connected, namespace);
}
