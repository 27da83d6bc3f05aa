import type { Command } from 'commander';
import type * as Learners from '../commands/learners';
import type * as Spool from '../commands/spool';
import type * as Verify from '../commands/verify';
import { exit } from './exit';
import { load } from './load';

/** What an operator runs beside the processes. */
export function addOperating(program: Command): void {
  addVerify(program);
  addSetup(program);
  addSpool(program);
  addLearners(program);
}

function addSetup(program: Command): void {
  program
    .command('setup')
    .description('namespace, retention, search attributes, tables and Schedule; run again, it changes nothing')
    .option('--json', 'print one JSON document')
    .action(async (options: { json?: boolean }) => exit(await load.setup().runSetup(process.env, options)));
}

function addSpool(program: Command): void {
  const spool = program.command('spool').description('deliveries that Temporal does not have yet');
  const options = (command: Command): Command =>
    command
      .option('--dir <path>', "the spool's directory of a receiver that no longer runs, such as .data/spool")
      .option('--url <url>', "the receiver's private port (default: that of the running mt dev, else OPS_PORT)")
      .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
      .option('--json', 'print one JSON document');
  options(spool.command('status').description('how full it is, what waits, and the dead letters')).action(
    async (given: Spool.SpoolCommand) => exit(await load.spool().runSpoolStatus(given)),
  );
  options(
    spool.command('drain').description('try the dead letters again; with --dir, hand all of it to Temporal'),
  ).action(async (given: Spool.SpoolCommand) => exit(await load.spool().runSpoolDrain(given)));
}

function addLearners(program: Command): void {
  const learners = program.command('learners').description('people who were there before the first event');
  learners
    .command('import')
    .description('tell who is there already; run again, it changes nothing')
    .argument('<file>', 'CSV; its first row names the columns userId,email,role,teamId,managerEmail; -: standard input')
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--overwrite', 'the file wins also where an event or a person has told since')
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExits with 0 when every row was taken, 1 when some were left out, 2 for bad usage.')
    .action(async (file: string, options: Learners.ImportCommand) =>
      exit(await load.learners().runLearnersImport(file, options)),
    );
}

function addVerify(program: Command): void {
  program
    .command('verify')
    .description('why a captured delivery does or does not verify')
    .option(
      '--request <path>',
      'a captured HTTP request, headers and body, or what `curl -v` printed; -: standard input',
    )
    .option('--file <path>', 'the body, byte for byte; -: standard input')
    .option('--signature <text>', 'the signature header, as it came')
    .option('--timestamp <text>', 'the timestamp header, as it came')
    .option('--event-id <id>', 'the event id header (default: that of --request, else not checked)')
    .option('--secret-file <path>', 'default: MINDTICKLE_WEBHOOK_SECRET, else that of the running mt dev')
    .option('--secret <secret>', 'the same; other users of this machine can see it in the list of processes')
    .option('--company <id>', 'default: MINDTICKLE_COMPANY_ID, else that of the running mt dev, else not checked')
    .option('--now <time>', 'when it came: ISO 8601 or Unix time (default: now)')
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExits with 0 when it verifies, 1 when it does not, 2 for bad usage.')
    .action((options: Verify.VerifyOptions) => exit(load.verify().runVerify(options)));
}
