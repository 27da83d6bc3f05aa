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
  connectors: Partial<Record<System, Pick<Connector, 'check' | 'note'>>>,
  { env, log, limitMs = LIMIT_MS }: { env: Environment; log: Pick<Logger, 'error' | 'info'>; limitMs?: number },
): Promise<void> {
  await Promise.all(
    SYSTEMS.map(async (system) => {
      const connector = connectors[system];
      if (connector === undefined) return;
      const fault = await faultOf(system, connector.check, limitMs);
      if (fault === undefined) log.info({ system }, [`${system} answers`, ...(await noteOf(connector))].join('. '));
      else log.error({ system, code: fault.code }, `${fault.sentence}. ${whatToDo(system, fault, env)}`);
    }),
  );
}

async function noteOf({ note }: Pick<Connector, 'note'>): Promise<readonly string[]> {
  const said = await note?.().catch(() => undefined);
  return said === undefined ? [] : [said];
}

interface Fault {
  readonly sentence: string;
  /** What is wrong is in the YAML file, or in the system; no setting of the environment. */
  readonly isOfPolicy: boolean;
  readonly mayPass: boolean;
  readonly code: unknown;
}

async function faultOf(system: System, check: Check, limitMs: number): Promise<Fault | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  const unknown = { isOfPolicy: false, mayPass: false, code: undefined };
  const late = new Promise<Fault>((resolve) => {
    const fault = { ...unknown, sentence: `${system} did not answer`, mayPass: true, code: 'ETIMEDOUT' };
    limit.addEventListener('abort', () => resolve(fault));
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
      if (nonRetryable === undefined) return { ...unknown, sentence: `${system} could not be checked` };
      const [{ code, status, isOfPolicy = false } = {}] = details ?? [];
      return { sentence: message, isOfPolicy, mayPass: !nonRetryable, code: code ?? status };
    },
  );
  return Promise.race([answer, late]);
}

interface Detail {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly isOfPolicy?: boolean;
}

function whatToDo(system: System, { mayPass, isOfPolicy }: Fault, env: Environment): string {
  if (isOfPolicy) return 'Steps that need it park until then; all others go on';
  const { variables, needs } = systemDescriptors[system];
  const isSet = (name: string): boolean => (env[name] ?? env[`${name}_FILE`] ?? '') !== '';
  const needed = needs.flat();
  const optional = Object.keys(variables).filter((name) => !needed.includes(name));
  const used = [...(needs.find((names) => names.every(isSet)) ?? needed), ...optional.filter(isSet)];
  return mayPass
    ? `Is it up, and is what ${used.join(', ')} say right? Its steps are tried again until it answers`
    : `Fix ${used.join(' or ')}. Its steps park until then; all others go on`;
}
