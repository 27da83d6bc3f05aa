// `npm run bench`. To read this folder: variant (what is compared), ours, temporal and peers (how each is started),
// measure (what is done to one, in one round), run (the rounds), targets and report (what is said of it).
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chartOf } from './chart';
import type { Plan } from './measure';
import { describeResults } from './report';
import { runBench, variants } from './run';
import { targetsOf, verdictOf } from './targets';

const USAGE = `npm run bench -- [--quick] [--only NAME,NAME] [--json] [--chart FILE]

Sends bursts of signed deliveries to our receiver and to what else one could take, in turn, and compares.
--quick  one round of small bursts, some two minutes; else three rounds, some ten
--only   of ${variants.map(({ name }) => name).join(', ')}
--json   one document with every figure, instead of the tables
--chart  writes the SVG of the docs`;

const FULL: Plan = {
  rounds: 3,
  connections: [1, 32, 128],
  deliveries: 20_000,
  burstSeconds: 5,
  worked: 500,
  workSeconds: 25,
  quietSeconds: 20,
  behind: 10_000,
  limitSeconds: 520,
};
const QUICK: Plan = {
  ...FULL,
  rounds: 1,
  deliveries: 5000,
  burstSeconds: 2,
  worked: 200,
  workSeconds: 12,
  quietSeconds: 8,
  behind: 5000,
  limitSeconds: 110,
};

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)));
  const seconds = (): string => (performance.now() / 1000).toFixed(0).padStart(4);
  const progress = (line: string): void => void process.stderr.write(`${seconds()} s  ${line}\n`);
  const plan = options.quick ? QUICK : FULL;
  const results = await runBench({ plan, only: options.only, signal: stopping.signal, progress });
  if (options.chart !== undefined) writeFileSync(options.chart, chartOf(results));
  const targets = targetsOf(results).map((target) => ({ ...target, verdict: verdictOf(target) }));
  process.stdout.write(options.json ? `${toJson({ ...results, targets })}\n` : `${describeResults(results)}\n`);
  return 0;
}

function readOptions(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        chart: { type: 'string' },
      },
    });
    const only = values.only?.split(',');
    const isKnown = (name: string): boolean => variants.some((variant) => variant.name === name);
    return only?.every(isKnown) === false ? undefined : { ...values, only };
  } catch {
    return undefined;
  }
}

function toJson(value: object): string {
  return JSON.stringify(
    value,
    (_key, each: unknown): unknown => (each instanceof Map ? (Object.fromEntries(each) as unknown) : each),
    2,
  );
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
