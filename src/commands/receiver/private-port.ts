import type { Server } from 'node:http';
import type { CappedLog, Logger } from '../../telemetry';
import { type Drain, type Spool, reportSpool } from '../../receiver/receiver';
import type { OpsToken, ReceiverSettings, ReloadedSetting } from '../../settings';
import type { ReceiverMetrics } from './metrics';
import { createPrivatePort, type PrivateRoutes } from '../../http';

export interface PrivatePortDeps {
  readonly settings: ReceiverSettings;
  /** Undefined: none is set. */
  readonly tokens: Pick<ReloadedSetting<readonly OpsToken[] | undefined>, 'current'> | undefined;
  readonly log: Logger;
  readonly cappedLog: CappedLog;
  readonly metrics: ReceiverMetrics;
  readonly spool: Spool | undefined;
  readonly drain: Drain | undefined;
}

export interface OpenPort {
  /** Not listening yet. */
  readonly server: Server;
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** What people ask of a receiver. Undefined: no token is set, and the port stays closed. */
export function openPrivatePort(deps: PrivatePortDeps): OpenPort | undefined {
  const { settings, tokens, cappedLog } = deps;
  if (settings.ops === undefined) return undefined;
  const port = createPrivatePort({ tokens: () => tokens?.current() ?? [], routes: routesOf(deps), log: cappedLog });
  return { ...port, port: settings.ops.port };
}

function routesOf({ log, metrics, spool, drain }: PrivatePortDeps): PrivateRoutes {
  const report = () => ({ json: { spool: spool === undefined ? null : reportSpool(spool, Date.now()) } });
  return {
    'GET /metrics': { role: 'viewer', handle: metrics.text },
    'GET /api/spool': { role: 'viewer', handle: report },
    'POST /api/spool/drain': {
      role: 'operator',
      handle: async ({ by }) => {
        const restored = (await spool?.restoreDeadLetters()) ?? 0;
        log.info({ by, restored }, 'asked to drain the spool');
        drain?.wake();
        return { json: { restored, ...report().json } };
      },
    },
  };
}
