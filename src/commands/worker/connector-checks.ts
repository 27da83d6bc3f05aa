import type { Connector } from '../../../activities';
import { askConnector } from '../../doctor';
import { type System, SYSTEMS } from '../../domain';
import type { Environment } from '../../settings';
import type { Logger } from '../../telemetry';

const LIMIT_MS = 10_000;

/**
 * Ask each system once, and name in the log everything that seems wrong with its settings and with what the policy names
 * there, with what to do. Nothing is stopped by it: what is wrong may be fixed, or be only away, and the other systems'
 * steps go on. Never rejects.
 */
export async function checkConnectors(
  connectors: Partial<Record<System, Pick<Connector, 'checks' | 'note'>>>,
  { env, log, limitMs = LIMIT_MS }: { env: Environment; log: Pick<Logger, 'error' | 'info'>; limitMs?: number },
): Promise<void> {
  await Promise.all(
    SYSTEMS.map(async (system) => {
      const connector = connectors[system];
      if (connector === undefined) return;
      const { faults, note } = await askConnector(system, connector, { env, limitMs });
      if (faults.length === 0)
        log.info({ system }, [`${system} answers`, ...(note === undefined ? [] : [note])].join('. '));
      else log.error({ system, code: faults[0]?.code }, faults.map(describe).join('. '));
    }),
  );
}

/** `salesforce has no field A; has no field B. <what to do about these>. <what becomes of the steps>`. */
function describe({ what, fix, until }: Awaited<ReturnType<typeof askConnector>>['faults'][number]): string {
  return `${what}. ${fix}${fix.endsWith('?') ? '' : '.'} ${until}`;
}
