/** Whether each system accepts our credentials, and has what the policy names there. */
import type { Check as Ask, Connector } from '../../activities';
import { type Modes, type System, SYSTEMS } from '../domain';
import { type Environment, systemDescriptors } from '../settings';
import { fail, ok, sentence, type Check, type Finding } from './check';

export interface AskedConnector {
  readonly system: System;
  readonly faults: readonly Fault[];
  /** What the system leaves out, which is no fault. */
  readonly note: string | undefined;
}

export interface Fault {
  /** What is wrong: `salesforce has no field A; has no field B`. */
  readonly what: string;
  readonly fix: string;
  /** What becomes of the steps of a workflow. */
  readonly until: string;
  /** Of the network, or the status that was answered. */
  readonly code: unknown;
}

type Askable = Pick<Connector, 'checks' | 'note'>;

/** Ask one system once about all that is set and named of it. Never rejects. */
export async function askConnector(
  system: System,
  connector: Askable,
  { env, limitMs }: { readonly env: Environment; readonly limitMs: number },
): Promise<AskedConnector> {
  const found = await Promise.all(connector.checks.map((check) => failureOf(system, check, limitMs)));
  const failures = distinct(found.filter((failure) => failure !== undefined));
  const note = failures.length > 0 ? undefined : await connector.note?.().catch(() => undefined);
  return { system, faults: byAdvice(system, failures, env), note };
}

export interface ConnectorChecks {
  readonly connectors: Partial<Record<System, Askable>>;
  readonly modes: Modes;
  readonly labelOf: (system: System) => string;
  /** Where a fix names a setting: only those that are set, or needed. */
  readonly env: Environment;
  readonly limitMs: number;
}

/** One check for each system; one without settings is `off`. */
export function connectorChecks({ connectors, modes, labelOf, env, limitMs }: ConnectorChecks): readonly Check[] {
  return SYSTEMS.map((system) => {
    const name = `Connector ${labelOf(system)}`;
    const connector = connectors[system];
    const run = async (): Promise<readonly Finding[]> => {
      if (connector === undefined) return [ok(name, 'It is off: it has no settings.')];
      const { faults, note } = await askConnector(system, connector, { env, limitMs });
      if (faults.length > 0) return faults.map(({ what, fix }) => fail(name, sentence(what), sentence(fix)));
      return [examined(name, modes[system], note)];
    };
    return { name, whenLate: `See whether ${system} hangs, and a proxy in between.`, run };
  });
}

function examined(name: string, mode: Modes[System] = 'off', note: string | undefined): Finding {
  const means = { on: 'changes are made', observe: 'it is only observed', off: 'switched off in the policy' }[mode];
  return ok(name, [`It answers; ${means}.`, ...(note === undefined ? [] : [sentence(note)])].join(' '));
}

interface Failure {
  readonly sentence: string;
  /** The same for one cause, whatever the call. */
  readonly cause: string;
  /** What is wrong is in the YAML file, or in the system, and this is what to do; no setting of the environment. */
  readonly advice: string | undefined;
  readonly mayPass: boolean;
  readonly code: unknown;
}

async function failureOf(system: System, check: Ask, limitMs: number): Promise<Failure | undefined> {
  const limit = AbortSignal.timeout(limitMs);
  const unknown = { advice: undefined, mayPass: false, code: undefined };
  const late = new Promise<Failure>((resolve) => {
    const said = `${system} did not answer`;
    const failure = { ...unknown, sentence: said, cause: said, mayPass: true, code: 'ETIMEDOUT' };
    limit.addEventListener('abort', () => resolve(failure));
  });
  const answer = check().then(
    () => undefined,
    // A failure's message is a sentence of ours; another error's may hold anything.
    (error: unknown): Failure => {
      const { message, nonRetryable, details } = error as {
        message: string;
        nonRetryable?: boolean;
        details?: [Detail?];
      };
      const said = `${system} could not be checked`;
      if (nonRetryable === undefined) return { ...unknown, sentence: said, cause: said };
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
function distinct(failures: readonly Failure[]): readonly Failure[] {
  return failures.filter(({ cause }, at) => failures.findIndex((other) => other.cause === cause) === at);
}

/** What is fixed in one go is one fault. */
function byAdvice(system: System, failures: readonly Failure[], env: Environment): readonly Fault[] {
  const groups = new Map<string, Fault>();
  for (const failure of failures) {
    const { fix, until } = whatToDo(system, failure, env);
    const key = `${fix}. ${until}`;
    const known = groups.get(key);
    const other = failure.sentence.replace(new RegExp(`^${system}:? `), '');
    const what = known === undefined ? failure.sentence : `${known.what}; ${other}`;
    groups.set(key, { what, fix, until, code: known?.code ?? failure.code });
  }
  return [...groups.values()];
}

function whatToDo(system: System, { mayPass, advice }: Failure, env: Environment): Pick<Fault, 'fix' | 'until'> {
  if (advice !== undefined) return { fix: advice, until: 'Steps that need it park until then; all others go on' };
  const { variables, needs } = systemDescriptors[system];
  const isSet = (name: string): boolean => (env[name] ?? env[`${name}_FILE`] ?? '') !== '';
  const needed = needs.flat();
  const optional = Object.keys(variables).filter((name) => !needed.includes(name));
  const used = [...(needs.find((names) => names.every(isSet)) ?? needed), ...optional.filter(isSet)];
  return mayPass
    ? {
        fix: `Is it up, and is what ${used.join(', ')} say right?`,
        until: 'Its steps are tried again until it answers',
      }
    : { fix: `Fix ${used.join(' or ')}`, until: 'Its steps park until then; all others go on' };
}
