import type { Command } from 'commander';
import type * as Spool from '../commands/spool';
import { exit } from './exit';
import { load } from './load';

/** What an operator runs beside the processes. */
export function addOperating(program: Command): void {
  addSetup(program);
  addSpool(program);
}

function addSetup(program: Command): void {
  program
    .command('setup')
    .description('namespace, retention, search attributes, tables and Schedule; run again, it changes nothing')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => exit(await load.setup().runSetup(process.env, options)));
}

function addSpool(program: Command): void {
  const spool = program.command('spool').description('deliveries that Temporal has not taken yet');
  const options = (command: Command): Command =>
    command
      .option('--dir <path>', "the spool's directory of a receiver that is gone, such as .data/spool")
      .option('--url <url>', "the receiver's private port (default: that of the running mt dev, else OPS_PORT)")
      .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
      .option('--json', 'print one JSON document');
  options(spool.command('status').description('how full it is, what waits, what was set aside')).action(
    async (given: Spool.SpoolCommand) => exit(await load.spool().runSpoolStatus(given)),
  );
  options(
    spool.command('drain').description('try again what was set aside; with --dir, hand all of it to Temporal'),
  ).action(async (given: Spool.SpoolCommand) => exit(await load.spool().runSpoolDrain(given)));
}
