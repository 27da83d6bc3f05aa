// `npm run chaos`. To read this folder: deliveries and plan (what is sent, and when the receiver is killed), sender and load
// (how it is sent), rounds and scenarios (what happens meanwhile), records (what came of it), checker and report (whether
// every promise was kept). stack and receiver start the processes.
import { parseArgs } from 'node:util';
import type { Findings } from './report';
import { runRounds } from './rounds';
import { runScenario, scenarioNames, type ScenarioName } from './scenarios';
import { openChaosStack, type ChaosStack } from './stack';

const USAGE = `npm run chaos -- [--rounds N] [--seed S] [--json]
npm run chaos -- --scenario ${scenarioNames.join('|')} [--seconds N] [--rate N] [--events N] [--json]

Kills a receiver under load in N rounds (50), which seed S (1) decides. Or plays one scenario: a part is away for so many
seconds (60) at so many deliveries a second (40), or so many events (10000) come in one burst. Then it compares the answers
with the workflows in Temporal and with what the stand-ins saw. Exit code 0: every promise was kept. 1: not. 2: bad usage.`;

const FAILED = 1;
const BAD_USAGE = 2;
const INTERRUPTED = 130;

const log = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    log(USAGE);
    return BAD_USAGE;
  }
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)));
  const stopped = new Promise<'stopped'>((resolve) =>
    stopping.signal.addEventListener('abort', () => resolve('stopped')),
  );
  const { signal } = stopping;
  const stack = await openChaosStack({ settings: settingsOf(process.env), progress: log, signal }).catch(
    (error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    },
  );
  if (stack === undefined) return INTERRUPTED;
  try {
    const running = play(stack, options, signal);
    running.catch(() => undefined);
    const played = await Promise.race([running, stopped]);
    if (played === 'stopped') return INTERRUPTED;
    process.stdout.write(options.json ? `${JSON.stringify(played.report)}\n` : summarise(played.report));
    return played.ok ? 0 : FAILED;
  } finally {
    await stack.stop();
  }
}

interface Played {
  readonly ok: boolean;
  readonly report: Findings;
}

async function play(stack: ChaosStack, options: Options, signal: AbortSignal): Promise<Played> {
  const { scenario, rounds, seed, seconds, rate, events } = options;
  if (scenario === undefined) {
    const report = await runRounds(stack, { rounds, seed, progress: log, signal });
    return { ok: report.violations.length === 0, report };
  }
  const report = await runScenario(stack, scenario, { seconds, ratePerSecond: rate, events, progress: log, signal });
  return { ok: report.ok, report };
}

interface Options {
  readonly scenario: ScenarioName | undefined;
  readonly rounds: number;
  readonly seed: number;
  readonly seconds: number;
  readonly rate: number;
  readonly events: number;
  readonly json: boolean;
}

const DEFAULTS = { rounds: 50, seed: 1, seconds: 60, rate: 40, events: 10_000 } as const;

/** Undefined: bad usage. */
function readOptions(args: readonly string[]): Options | undefined {
  try {
    const text = { type: 'string' } as const;
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: text,
        rounds: text,
        seed: text,
        seconds: text,
        rate: text,
        events: text,
        json: { type: 'boolean' },
      },
    });
    const read = (name: keyof typeof DEFAULTS): number => whole(values[name] ?? String(DEFAULTS[name]));
    const scenario = scenarioNames.find((name) => name === values.scenario);
    if (scenario !== values.scenario) return undefined;
    const numbers = { rounds: read('rounds'), seed: read('seed'), seconds: read('seconds'), rate: read('rate') };
    return { scenario, ...numbers, events: read('events'), json: values.json === true };
  } catch {
    return undefined;
  }
}

/** @throws Error when it is none, or 0. */
function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error('not a whole number');
  return Number(text);
}

/** Settings of the receiver that may be changed by the environment. */
function settingsOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ['SPOOL', 'SPOOL_MAX_BYTES', 'START_TIMEOUT_MS', 'START_CONCURRENCY'];
  return Object.fromEntries(names.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]));
}

function summarise({ violations, ...findings }: Findings): string {
  const lines = [
    ...Object.entries(findings).map(([name, value]) => `${name}: ${plainly(value)}`),
    ...violations.map(({ kind, id, sentence }) => `${kind}: ${id}: ${sentence}`),
    violations.length === 0 ? 'Every promise was kept.' : `${violations.length} promises were not kept.`,
  ];
  return `${lines.join('\n')}\n`;
}

function plainly(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${typeof each === 'object' ? JSON.stringify(each) : String(each)}`)
    .join(', ');
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(FAILED);
  },
);
