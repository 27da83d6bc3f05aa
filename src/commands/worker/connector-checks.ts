import type { Check, Connector } from '../../../activities';
import { type System, SYSTEMS } from '../../domain';
import { type Environment, systemDescriptors } from '../../settings';
import type { Logger } from '../../telemetry';

const LIMIT_MS = 10_000;

/**
 * Ask each system once, and name in the log each one whose settings seem wrong, with what to do. Nothing is stopped by it:
 * what is wrong may be mended, or be only away, and the other systems' steps go on. Never rejects.
 */
export async function checkConnectors(
  connectors: Partial<Record<System, Pick<Connector, 'check'>>>,
  { env, log, limitMs = LIMIT_MS }: { env: Environment; log: Pick<Logger, 'error' | 'info'>; limitMs?: number },
): Promise<void> {
  await Promise.all(
    SYSTEMS.map(async (system) => {
      const check = connectors[system]?.check;
      if (check === undefined) return;
      const fault = await faultOf(check, limitMs);
      if (fault === undefined) log.info({ system }, `${system} answers`);
      else log.error({ system, code: fault.code }, `${system} ${fault.what}. ${whatToDo(system, fault, env)}`);
    }),
  );
}

interface Fault {
  readonly what: string;
  readonly mayPass: boolean;
  readonly code: unknown;
}

async function faultOf(check: Check, limitMs: number): Promise<Fault | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  const late = new Promise<Fault>((resolve) => {
    limit.addEventListener('abort', () => resolve({ what: 'did not answer', mayPass: true, code: 'ETIMEDOUT' }));
  });
  const answer = check().then(
    () => undefined,
    // A failure's message is a sentence of ours; another error's may hold anything.
    (error: unknown): Fault => {
      const { message, nonRetryable, details } = error as {
        message: string;
        nonRetryable?: boolean;
        details?: [Detail?];
      };
      if (nonRetryable === undefined) return { what: 'could not be checked', mayPass: false, code: undefined };
      return {
        what: message.slice(message.indexOf(' ') + 1),
        mayPass: !nonRetryable,
        code: details?.[0]?.code ?? details?.[0]?.status,
      };
    },
  );
  return Promise.race([answer, late]);
}

interface Detail {
  readonly code?: unknown;
  readonly status?: unknown;
}

function whatToDo(system: System, { mayPass }: Fault, env: Environment): string {
  const { variables, needs } = systemDescriptors[system];
  const isSet = (name: string): boolean => (env[name] ?? env[`${name}_FILE`] ?? '') !== '';
  const needed = needs.flat();
  const optional = Object.keys(variables).filter((name) => !needed.includes(name));
  const used = [...(needs.find((names) => names.every(isSet)) ?? needed), ...optional.filter(isSet)];
  return mayPass
    ? `Is it up, and is what ${used.join(', ')} say right? Its steps are tried again until it answers`
    : `Mend ${used.join(' or ')}. Its steps park until then; all others go on`;
}
