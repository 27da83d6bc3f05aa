import type { Pool } from 'pg';
import { createConnectors } from '../../../activities';
import {
  clockCheck,
  clockOfWeb,
  connectorChecks,
  examineNames,
  examineSecrets,
  examineSettings,
  ledgerCheck,
  once,
  receiverCheck,
  refusalCheck,
  spoolCheck,
  taskQueueChecks,
  temporalChecks,
  warn,
  webhookCheck,
  type Check,
  type ConnectedTemporal,
  type Finding,
  type OtherClock,
} from '../../doctor';
import { SECOND, SYSTEMS } from '../../domain';
import { inspectLedger, recentDeliveries, summariseRefusals } from '../../ledger';
import { adviseOn } from '../../receiver';
import {
  opsProcessSettings,
  readSecretSettings,
  receiverSettings,
  workerSettings,
  type Environment,
} from '../../settings';
import { checkWebhook } from '../../webhooks';
import { buildId } from '../build-id';
import type { Environments, Known } from './known';

export interface DoctorDeps {
  readonly of: Environments;
  readonly known: Known;
  /** Undefined: no ledger is set. */
  readonly pool: Pool | undefined;
  /** The same connection each time. */
  readonly connect: () => Promise<ConnectedTemporal>;
}

/** A system gives up in time for what it says to be seen. */
const CONNECTOR_LIMIT_MS = 4 * SECOND;
const REFUSALS = 5;

/** In the order of the lines. */
export function doctorChecks(deps: DoctorDeps): readonly Check[] {
  const { of, known, pool, connect } = deps;
  const memory = memoryOf(known);
  const inspect = once(() =>
    pool === undefined ? Promise.reject(new Error('no ledger is set')) : inspectLedger(pool),
  );
  const ledgerClock: OtherClock = { of: 'the ledger', aheadMs: async () => (await inspect()).clockAheadMs };
  return [
    { name: 'Settings', whenLate: 'See whether a file of a setting can be read.', run: () => settingsOf(of) },
    clockCheck(
      [...(pool === undefined ? [] : [ledgerClock]), ...webClocks(of.worker ?? {})],
      memory?.windowAheadMs ?? WINDOW_AHEAD_MS,
    ),
    ...temporalChecks({ connect, companyId: known.companyId, memory }),
    ...workerChecks(deps),
    ...(pool === undefined ? [] : [ledgerCheck(inspect)]),
    ...receiverChecks(deps),
    ...(pool === undefined ? [] : [webhookCheck(() => checkWebhook(pool, known.webhookId))]),
    ...askedSystems(deps),
  ];
}

/** Of a delivery's time ahead of ours, where the settings cannot be read. */
const WINDOW_AHEAD_MS = 300 * SECOND;

function memoryOf({ config, receiptDays }: Known) {
  if (config === undefined || receiptDays === undefined) return undefined;
  const { windowBackSeconds, windowAheadSeconds } = config.delivery;
  return { windowBackMs: windowBackSeconds * SECOND, windowAheadMs: windowAheadSeconds * SECOND, receiptDays };
}

function settingsOf({ receiver, worker, ops }: Environments): Promise<readonly Finding[]> {
  const environments = [receiver, worker, ops].filter((env) => env !== undefined);
  const read = [
    ...(receiver === undefined ? [] : [{ process: 'the receiver', read: () => receiverSettings(receiver) }]),
    ...(worker === undefined ? [] : [{ process: 'the worker', read: () => workerSettings(worker) }]),
    ...(ops === undefined ? [] : [{ process: 'the operations', read: () => opsProcessSettings(ops) }]),
  ];
  // One process's secrets are another's too, so they are looked at as one list.
  const all: Environment = Object.assign({}, ...environments) as Environment;
  const mayShare = all['MT_STACK'] === 'dev';
  return Promise.resolve([
    ...examineSettings(read),
    ...examineNames(all),
    ...examineSecrets(readSecretSettings(all), { mayShare }),
  ]);
}

/** The web servers that we use anyway have clocks that many people look after. */
const WITH_CLOCKS = ['OKTA_ORG_URL', 'SCIM_URL', 'SALESFORCE_LOGIN_URL', 'MINDTICKLE_API_URL'] as const;

function webClocks(env: Environment): readonly OtherClock[] {
  // The stand-ins have the clock of this machine.
  if (env['MT_STACK'] === 'dev') return [];
  return WITH_CLOCKS.flatMap((name) => {
    const url = env[name] ?? '';
    return URL.canParse(url) ? [clockOfWeb(new URL(url).host, url)] : [];
  });
}

/** Of the worker as Temporal sees it: from any process. */
function workerChecks({ of, known, connect }: DoctorDeps): readonly Check[] {
  const systems = of.worker === undefined ? [] : SYSTEMS.filter((system) => known.connectors?.[system] !== undefined);
  return taskQueueChecks({ connect, systems, labelOf: (system) => system, build: buildId(), now: Date.now });
}

function receiverChecks({ of, known, pool }: DoctorDeps): readonly Check[] {
  if (of.receiver === undefined) return [];
  const { port, spool } = known;
  const refusals =
    pool &&
    refusalCheck({
      refused: () => summariseRefusals(pool, REFUSALS),
      acceptedAt: async () => {
        const [last] = await recentDeliveries(pool, 1);
        return last && Date.parse(last.receivedAt);
      },
      adviseOn,
    });
  return [
    ...(spool === undefined ? [] : [spoolCheck(spool === 'off' ? undefined : spool)]),
    ...(port === undefined ? [] : [receiverCheck(`http://127.0.0.1:${port}`)]),
    ...(refusals === undefined ? [] : [refusals]),
  ];
}

function askedSystems({ of, known, pool }: DoctorDeps): readonly Check[] {
  if (of.worker === undefined) return [];
  const { connectors, config, modes } = known;
  if (connectors === undefined || config === undefined || modes === undefined || pool === undefined) return [NOT_ASKED];
  const { policy } = config;
  const isRunning = () => Promise.resolve('unknown' as const);
  const status = { isRunning, endingOf: () => Promise.resolve(null) };
  return connectorChecks({
    connectors: createConnectors({ connectors, policy }, pool, status),
    modes,
    labelOf: (system) => system,
    env: of.worker,
    limitMs: CONNECTOR_LIMIT_MS,
  });
}

const NOT_ASKED: Check = {
  name: 'Connectors',
  whenLate: '',
  run: () =>
    Promise.resolve([
      warn('Connectors', 'They were not asked.', 'Correct the settings that are named above, then run this again.'),
    ]),
};
