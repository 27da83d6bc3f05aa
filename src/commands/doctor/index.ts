import { dataDirOf } from '../../dev/data-dir';
import { exemptLoopback } from '../../dev/loopback';
import { runningEnvironments } from '../../dev/stack';
import { examine, once, type Finding } from '../../doctor';
import { SECOND } from '../../domain';
import { openPool } from '../../ledger';
import { withDotEnv, type Environment } from '../../settings';
import { createLogger } from '../../telemetry';
import { connectNow, type Connected } from '../../temporal';
import { withTimeout } from '../../with-timeout';
import { doctorChecks } from './checks';
import { readKnown, type Environments, type ProcessName } from './known';

export type { ProcessName } from './known';

export interface DoctorOptions {
  /** Absent: all. */
  readonly only?: ProcessName;
  readonly dataDir?: string;
  readonly json?: boolean;
}

const CONNECT_LIMIT_MS = 3 * SECOND;
const LEDGER_LIMIT_MS = 3 * SECOND;

/**
 * `mt doctor`: check everything that the processes need, of the running `mt dev` or else by the settings of the
 * environment. Changes nothing. Ends within 10 seconds.
 * @returns 0, or 1 when something fails.
 */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const env = withDotEnv(process.env);
  const running = runningEnvironments(options.dataDir ?? dataDirOf(env), env);
  if (running !== undefined) exemptLoopback(process.env);
  const of = chosen(running ?? { receiver: env, worker: env, ops: env }, options.only);
  const findings = (await examineAll(of)).map(forTerminal);
  const counts = countsOf(findings);
  const stack = running === undefined ? 'environment' : 'mt dev';
  console.log(
    options.json === true
      ? JSON.stringify({ ok: counts.fail === 0, of: stack, counts, checks: findings })
      : describe(findings, stack),
  );
  return counts.fail === 0 ? 0 : 1;
}

function chosen(all: Required<Environments>, only: ProcessName | undefined): Environments {
  return only === undefined ? all : { [only]: all[only] };
}

/** Everything that is found, within the limit of the checks. What was opened is not waited for: the process ends. */
export async function examineAll(of: Environments): Promise<readonly Finding[]> {
  const env: Environment = of.worker ?? of.receiver ?? of.ops ?? {};
  const known = readKnown(of);
  const { databaseUrl } = known;
  const pool = databaseUrl && openPool({ url: databaseUrl, max: 3, timeoutMs: LEDGER_LIMIT_MS });
  const connect = once(() => connectWithin(env));
  try {
    return await examine(doctorChecks({ of, known, pool, connect }));
  } finally {
    void pool?.end();
    connect().then(
      ({ close }) => close(),
      () => undefined,
    );
  }
}

/** @throws Error that says what cannot be reached. */
async function connectWithin(env: Environment): Promise<Connected> {
  const connected = await withTimeout(connectNow({ log: createLogger('doctor', 'silent'), env }), CONNECT_LIMIT_MS);
  if (connected !== 'timeout') return connected;
  throw new Error(`Temporal did not answer within ${CONNECT_LIMIT_MS / SECOND} s (TEMPORAL_ADDRESS)`);
}

/** Not checked is not ok: somebody has to look. */
function forTerminal(finding: Finding): Finding {
  return finding.status === 'unknown' ? { ...finding, status: 'warn' } : finding;
}

function countsOf(findings: readonly Finding[]): Readonly<Record<'ok' | 'warn' | 'fail', number>> {
  const count = (status: Finding['status']): number => findings.filter((each) => each.status === status).length;
  return { ok: count('ok'), warn: count('warn'), fail: count('fail') };
}

function describe(findings: readonly Finding[], stack: string): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.map(({ name, status, detail, fix }) =>
    [status.padEnd(4), name.padEnd(width), [detail, ...(fix === null ? [] : [fix])].join(' ')].join('  '),
  );
  const { ok, warn, fail } = countsOf(findings);
  const of = stack === 'environment' ? 'the settings of this environment' : 'the running mt dev';
  return [...lines, '', `${ok} ok, ${warn} to look at, ${fail} failed; checked with ${of}.`].join('\n');
}
