import { ApplicationFailure } from '@temporalio/activity';
import type { Pool } from 'pg';
import { type PolicySnapshot, type System, SYSTEMS } from '../src/domain';
import type { SystemSettings, WorkerSettings } from '../src/settings';
import type { Reread, Rereader } from '../src/events';
import { connect as archive } from './archive';
import type { Connector, ConnectorDeps } from './connector';
import { connect as identity } from './identity';
import { createClaims, createLedgerActivities, createReconcileActivities, type WorkflowStatus } from './ledger';
import { connect as mail } from './mail';
import { connect as salesforce } from './salesforce';
import { connect as slack } from './slack';
import { createWebhookActivities, type WebhookDeps } from './webhook';
import { connect as xapi } from './xapi';

export type { AccessFound, Change, Check, Connector, Person } from './connector';
export type { Known, LedgerActivities, ReconcileActivities } from './ledger';
export type { Role } from './mail';
export type { ChatTarget } from './slack';
export type { WebhookActivities } from './webhook';
export type { StepContext } from './write-once';

/** How each system is connected. A new system is a line here; the compiler asks for it. */
const connects = { identity, mail, archive, salesforce, slack, xapi } satisfies {
  [S in System]: (settings: SystemSettings[S], deps: ConnectorDeps) => Connector;
};

/** The activities of each connector; each runs on a task queue of its own. */
export type ConnectorActivities = { readonly [S in System]: ReturnType<(typeof connects)[S]>['activities'] };

/** One connector, as its worker runs it. */
export function connect<S extends System>(
  system: S,
  settings: SystemSettings[S],
  deps: ConnectorDeps,
): Connector<ConnectorActivities[S]> {
  const to: {
    readonly [K in System]: (of: SystemSettings[K], deps: ConnectorDeps) => Connector<ConnectorActivities[K]>;
  } = connects;
  return to[system](settings, deps);
}

/** Every connector that has settings, by system. */
export function createConnectors(
  { connectors, policy, links }: Pick<WorkerSettings, 'connectors' | 'policy' | 'links'>,
  pool: Pool,
  status: WorkflowStatus,
): Partial<Record<System, Connector>> {
  const deps = { pool, policy, links, claims: createClaims(pool, status) };
  const connected = SYSTEMS.map((system): [System, Connector | undefined] => {
    const settings: (() => SystemSettings[System]) | undefined = connectors[system];
    return [system, settings && following(settings, (now) => connect(system, now, deps))];
  });
  return Object.fromEntries(connected.filter(([, connector]) => connector !== undefined));
}

/** A connector that is connected anew when its settings are other ones. An activity that runs ends with those it began with. */
function following<T>(settings: () => T, connectBy: (settings: T) => Connector): Connector {
  let known = settings();
  let connected = connectBy(known);
  const now = (): Connector => {
    const current = settings();
    if (current !== known) [known, connected] = [current, connectBy(current)];
    return connected;
  };
  const names = Object.keys(connected.activities);
  const call =
    (name: string) =>
    (...given: readonly unknown[]): unknown => {
      const activities = now().activities as Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;
      return activities[name]?.(...given);
    };
  return { ...connected, activities: Object.fromEntries(names.map((name) => [name, call(name)])) };
}

export interface PolicySnapshotActivities {
  /** Policy and connector modes as they are now; a workflow keeps what it gets until it ends. */
  readPolicySnapshot(): Promise<PolicySnapshot>;
}

export interface RereadActivities {
  /** @throws `quarantine.unreadable` (permanent) with a sentence that names fields, never values. */
  rereadEnvelope(envelope: unknown, signedAt: string): Promise<Reread>;
}

/** Without a token and a webhook: what came is looked at all the same. */
const NOT_ASKED: Omit<WebhookDeps, 'pool'> = {
  client: () => undefined,
  isReceiverReady: () => Promise.resolve(false),
  webhookId: undefined,
};

/** What every worker runs on the workflows' own task queue. */
export function createOwnActivities(
  { policy, modes, receiptDays, auditDays }: Pick<WorkerSettings, 'policy' | 'modes' | 'receiptDays' | 'auditDays'>,
  pool: Pool,
  reread: Rereader,
  status: WorkflowStatus,
  webhook: Omit<WebhookDeps, 'pool'> = NOT_ASKED,
): object {
  const readAgain: PolicySnapshotActivities & RereadActivities = {
    readPolicySnapshot: () => Promise.resolve({ policy, modes }),
    rereadEnvelope: (envelope, signedAt) => {
      const found = reread(envelope, signedAt);
      if (!('refused' in found)) return Promise.resolve(found);
      const failure = { type: 'quarantine.unreadable', message: found.refused, nonRetryable: true };
      return Promise.reject(ApplicationFailure.create(failure));
    },
  };
  return {
    ...createLedgerActivities({ pool, policy, modes, receiptDays, auditDays, claims: createClaims(pool, status) }),
    ...createReconcileActivities(pool, status),
    ...createWebhookActivities({ ...webhook, pool }),
    ...readAgain,
  };
}
