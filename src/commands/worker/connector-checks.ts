import type { Check, Connector } from '../../../activities';
import { type System, SYSTEMS } from '../../domain';
import { type Environment, systemDescriptors } from '../../settings';
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
      const found = await Promise.all(connector.checks.map((check) => faultOf(system, check, limitMs)));
      const faults = distinct(found.filter((fault) => fault !== undefined));
      if (faults.length === 0) log.info({ system }, [`${system} answers`, ...(await noteOf(connector))].join('. '));
      else log.error({ system, code: faults[0]?.code }, describe(system, faults, env));
    }),
  );
}

async function noteOf({ note }: Pick<Connector, 'note'>): Promise<readonly string[]> {
  const said = await note?.().catch(() => undefined);
  return said === undefined ? [] : [said];
}

interface Fault {
  readonly sentence: string;
  /** The same for one cause, whatever the call. */
  readonly cause: string;
  /** What is wrong is in the YAML file, or in the system, and this is what to do; no setting of the environment. */
  readonly advice: string | undefined;
  readonly mayPass: boolean;
  readonly code: unknown;
}

async function faultOf(system: System, check: Check, limitMs: number): Promise<Fault | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  const unknown = { advice: undefined, mayPass: false, code: undefined };
  const late = new Promise<Fault>((resolve) => {
    const sentence = `${system} did not answer`;
    const fault = { ...unknown, sentence, cause: sentence, mayPass: true, code: 'ETIMEDOUT' };
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
      const sentence = `${system} could not be checked`;
      if (nonRetryable === undefined) return { ...unknown, sentence, cause: sentence };
      const [{ code, status, advice, call } = {}] = details ?? [];
      const cause = call === undefined ? message : message.replace(`: ${call}:`, '');
      return { sentence: message, cause, advice, mayPass: !nonRetryable, code: code ?? status };
    },
  );
  return Promise.race([answer, late]);
}

interface Detail {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly advice?: string;
  readonly call?: string;
}

/** A wrong URL or credential fails every check: it is named once. */
function distinct(faults: readonly Fault[]): readonly Fault[] {
  return faults.filter(({ cause }, at) => faults.findIndex((other) => other.cause === cause) === at);
}

/** `salesforce has no field A; has no field B. <what to do about these>. salesforce: <another fault>. <what to do>`. */
function describe(system: System, faults: readonly Fault[], env: Environment): string {
  const byAdvice = new Map<string, string[]>();
  for (const fault of faults) {
    const advice = whatToDo(system, fault, env);
    byAdvice.set(advice, [...(byAdvice.get(advice) ?? []), fault.sentence]);
  }
  return [...byAdvice]
    .map(([advice, [first = '', ...more]]) => {
      const others = more.map((sentence) => sentence.replace(new RegExp(`^${system}:? `), ''));
      return `${[first, ...others].join('; ')}. ${advice}`;
    })
    .join('. ');
}

function whatToDo(system: System, { mayPass, advice }: Fault, env: Environment): string {
  if (advice !== undefined) return `${advice}. Steps that need it park until then; all others go on`;
  const { variables, needs } = systemDescriptors[system];
  const isSet = (name: string): boolean => (env[name] ?? env[`${name}_FILE`] ?? '') !== '';
  const needed = needs.flat();
  const optional = Object.keys(variables).filter((name) => !needed.includes(name));
  const used = [...(needs.find((names) => names.every(isSet)) ?? needed), ...optional.filter(isSet)];
  return mayPass
    ? `Is it up, and is what ${used.join(', ')} say right? Its steps are tried again until it answers`
    : `Fix ${used.join(' or ')}. Its steps park until then; all others go on`;
}
