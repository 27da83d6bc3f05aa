import type { Server } from 'node:http';
import type { CappedLog } from '../../receiver/capped-log';
import type { Drain } from '../../receiver/drain';
import type { Spool } from '../../receiver/spool';
import { reportSpool } from '../../receiver/spool-report';
import type { Environment, ReceiverSettings } from '../../settings';
import { watchSetting } from '../../settings-reload';
import type { Logger } from '../../telemetry/log';
import type { ReceiverMetrics } from '../../telemetry/metrics';
import { createPrivatePort, type PrivateRoutes } from '../../telemetry/private-port';

export interface PrivatePortDeps {
  readonly settings: ReceiverSettings;
  readonly env: Environment;
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
  const { settings, env, log, cappedLog } = deps;
  if (settings.ops === undefined) return undefined;
  const tokens = watchSetting({ env, name: 'OPS_TOKENS', log });
  const port = createPrivatePort({ tokens: () => tokens.current() ?? [], routes: routesOf(deps), log: cappedLog });
  const close = async (): Promise<void> => {
    tokens.close();
    await port.close();
  };
  return { server: port.server, port: settings.ops.port, close };
}

function routesOf({ log, metrics, spool, drain }: PrivatePortDeps): PrivateRoutes {
  const report = () => ({ json: { spool: spool === undefined ? null : reportSpool(spool, Date.now()) } });
  return {
    'GET /metrics': { role: 'viewer', handle: metrics.text },
    'GET /api/spool': { role: 'viewer', handle: report },
    'POST /api/spool/drain': {
      role: 'operator',
      handle: async ({ by }) => {
        const restored = (await spool?.restoreSetAside()) ?? 0;
        log.info({ by, restored }, 'asked to drain the spool');
        drain?.wake();
        return { json: { restored, ...report().json } };
      },
    },
  };
}
