import type { Command } from 'commander';
import { exit } from './exit';
import { load } from './load';

/** What an operator runs beside the processes. */
export function addOperating(program: Command): void {
  addSetup(program);
}

function addSetup(program: Command): void {
  program
    .command('setup')
    .description('namespace, retention, search attributes, tables and Schedule; run again, it changes nothing')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => exit(await load.setup().runSetup(process.env, options)));
}
