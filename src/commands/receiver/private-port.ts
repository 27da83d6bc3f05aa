import type { CappedLog, Logger } from '../../telemetry';
import { reportSpool } from '../../receiver/receiver';
import type { OpsToken, ReceiverSettings, ReloadedSetting } from '../../settings';
import type { ComposedReceiver } from './compose';
import { createPrivatePort, type PrivatePort, type PrivateRoutes } from '../../http';

interface PrivatePortDeps extends Pick<ComposedReceiver, 'metrics' | 'spool' | 'drain'> {
  readonly settings: ReceiverSettings;
  /** Undefined: none is set. */
  readonly tokens: Pick<ReloadedSetting<readonly OpsToken[] | undefined>, 'current'> | undefined;
  readonly log: Logger;
  readonly cappedLog: CappedLog;
}

/** The receiver's routes for operators, not listening yet. Undefined: no token is set, and the port stays closed. */
export function openPrivatePort(deps: PrivatePortDeps): (PrivatePort & { readonly port: number }) | undefined {
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
