import type { Pool } from 'pg';
import {
  clockCheck,
  ledgerCheck,
  refusalCheck,
  taskQueueChecks,
  temporalChecks,
  unknown,
  webhookCheck,
  type Check,
  type ConnectedTemporal,
} from '../../doctor';
import { SECOND, SYSTEMS, type Modes } from '../../domain';
import { inspectLedger, recentDeliveries, summariseRefusals } from '../../ledger';
import { receiversCheck } from '../../operations';
import { adviseOn } from '../../receiver';
import { checkWebhook } from '../../webhooks';
import { buildId } from '../build-id';
import type { OpsProcessSettings } from '../../settings';
import type { BackgroundConnection } from '../../temporal';

export interface HealthParts {
  readonly settings: Pick<OpsProcessSettings, 'companyId' | 'webhookId'>;
  readonly modes: Modes;
  readonly temporal: Pick<BackgroundConnection, 'client' | 'namespace'>;
  readonly pool: Pool;
}

const REFUSALS = 5;
/** Of a delivery's time ahead of ours, where nothing else is said. */
const WINDOW_AHEAD_MS = 300 * SECOND;

/** The doctor's checks that need no setting of a connector, of the receiver or of its disk; and which those are. */
export function healthChecks(
  { settings, modes, temporal, pool }: HealthParts,
  receivers: Parameters<typeof receiversCheck>[0],
): readonly Check[] {
  const { companyId, webhookId } = settings;
  const systems = SYSTEMS.filter((system) => (modes[system] ?? 'off') !== 'off');
  const connect = (): Promise<ConnectedTemporal> => {
    const client = temporal.client();
    return client === undefined
      ? Promise.reject(new Error('It does not answer; deliveries are spooled in the meantime'))
      : Promise.resolve({ client, connection: client.connection, namespace: temporal.namespace });
  };
  const inspect = () => inspectLedger(pool);
  return [
    ...temporalChecks({ connect, companyId, memory: undefined }),
    ...taskQueueChecks({ connect, systems, labelOf: (system) => system, build: buildId(), now: Date.now }),
    ledgerCheck(inspect),
    clockCheck([{ of: 'the ledger', aheadMs: async () => (await inspect()).clockAheadMs }], WINDOW_AHEAD_MS),
    receiversCheck(receivers),
    refusalCheck({
      refused: () => summariseRefusals(pool, REFUSALS),
      acceptedAt: async () => {
        const [last] = await recentDeliveries(pool, 1);
        return last && Date.parse(last.receivedAt);
      },
      adviseOn,
    }),
    webhookCheck(() => checkWebhook(pool, webhookId)),
    NOT_HERE,
  ];
}

const NOT_HERE: Check = {
  name: 'Settings',
  whenLate: '',
  run: () =>
    Promise.resolve([
      unknown(
        'Settings',
        "Secrets, the connectors' credentials and the disk of the spool are not checked here: the operations do not have them.",
        'Run `mt doctor --only worker` and `mt doctor --only receiver` where those run.',
      ),
    ]),
};
