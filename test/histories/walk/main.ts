/** `npm run histories:coverage`: what of `workflows/` the recorded histories walk, and which commands follow one another in them. */
import { quieten } from '../../quieten';
import { recordedHistories } from '../files';
import { pairsIn, type Pairs } from './pairs';
import { percentOf, unusedExceptions, unwalked, walk, type Place } from './index';

async function main(): Promise<void> {
  quieten();
  const histories = recordedHistories();
  const { failed, places } = await walk(histories);
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  if (process.argv.includes('--json')) {
    say(JSON.stringify({ failed, places }));
    return;
  }
  for (const { release, workflow, scenario } of failed) say(`does not replay: ${release}/${workflow}/${scenario}`);
  const files = [...new Set(places.map(({ file }) => file))].sort();
  for (const file of files) say(`${file.padEnd(32)}${describe(places.filter((place) => place.file === file))}`);
  say(`${'all'.padEnd(32)}${describe(places)}`);
  say(`${histories.length} histories`);
  for (const place of unwalked(places)) say(`not walked: ${place}`);
  for (const exception of unusedExceptions(places)) say(`listed, and walked or gone: ${exception}`);
  for (const pairs of pairsIn(histories)) for (const line of describePairs(pairs)) say(line);
}

function describePairs({ workflow, commands, oneWay }: Pairs): readonly string[] {
  const once = [...commands].filter(([, times]) => times === 1).map(([pair]) => pair);
  return [
    `${workflow}: ${commands.size} pairs of commands follow one another, ${once.length} of them in one history alone`,
    ...oneWay.map((pair) => `${workflow}: side by side, and only ever ended so: ${pair}`),
  ];
}

function describe(places: readonly Place[]): string {
  const listed = places.filter(({ isWalked, exception }) => !isWalked && exception !== undefined).length;
  const of = (kind: Place['kind']): string => `${kind} ${percentOf(places, kind).toFixed(1)} %`.padEnd(20);
  return `${of('statements')}${of('branches')}${listed === 0 ? '' : `listed ${listed}`}`;
}

main().catch((error: unknown) => {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
});
