import { Argument, InvalidArgumentError, type Command } from 'commander';
import type * as Simulate from './simulate';
import { scenarioTitles, type ScenarioName } from './scenario-titles';

/** `mt simulate` on the command line; what it runs is loaded when it runs. */
export function addSimulate(program: Command, end: (code: number) => Promise<never>): void {
  const names = Object.keys(scenarioTitles);
  program
    .command('simulate')
    .description("MindTickle's side by scenario, through a running mt dev, and whether anything was lost or doubled")
    .addArgument(new Argument('<scenario>', 'one of those below').choices(names))
    .option('--seed <number>', 'of scores and other choices (default: another one each time)', wholeNumber)
    .option('--count <number>', 'people (default: by scenario)', wholeNumber)
    .option('--rate <number>', 'deliveries a second (default: by scenario)', positive)
    .option('--burst <number>', 'so many of them at once (default: by scenario)', wholeNumber)
    .option('--compression <factor>', "MindTickle's waits are so many times shorter (default: 3600)", positive)
    .option('--no-resign', 'a retry repeats the first signature')
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `\nScenarios:\n${Object.entries(scenarioTitles)
        .map(([name, title]) => `  ${name.padEnd(11)} ${title}`)
        .join('\n')}\n\nExits with 0 when nothing is lost or doubled and everything came to its rest.`,
    )
    .action(async (name: ScenarioName, options: Simulate.SimulateOptions) =>
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- as in index.ts
      end(await (require('./simulate') as typeof Simulate).runSimulate(name, options)),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('Not a whole number above 0.');
  return Number(text);
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError('Not a number above 0.');
  return number;
}
