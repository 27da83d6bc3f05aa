import { type Command, Option } from 'commander';
import type * as Doctor from './doctor';
import type * as Verify from './verify';

/* eslint-disable @typescript-eslint/no-require-imports -- Each command is loaded when it is run. */

type End = (code: number) => Promise<never>;

const DATA_DIR_OF_RUNNING = ['--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)'] as const;
const ONE_JSON_DOCUMENT = ['--json', 'print one JSON document'] as const;

export function addVerify(program: Command, end: End): void {
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
    .option(...DATA_DIR_OF_RUNNING)
    .option(...ONE_JSON_DOCUMENT)
    .addHelpText('after', '\nExits with 0 when it verifies, 1 when it does not, 2 for bad usage.')
    .action((options: Verify.VerifyOptions) => end((require('./verify') as typeof Verify).runVerify(options)));
}

export function addDoctor(program: Command, end: End): void {
  const only = 'check what this process needs alone: receiver, worker or ops (default: all)';
  program
    .command('doctor')
    .description(
      'check settings, secrets, clock, Temporal, ledger, spool, workers and every connector; changes nothing',
    )
    .addOption(new Option('--only <process>', only).choices(['receiver', 'worker', 'ops']))
    .option(...DATA_DIR_OF_RUNNING)
    .option(...ONE_JSON_DOCUMENT)
    .addHelpText('after', '\nExits with 0 when nothing fails, 1 when something does, 2 for bad usage.')
    .action(async (options: Doctor.DoctorOptions) =>
      end(await (require('./doctor') as typeof Doctor).runDoctor(options)),
    );
}
/* eslint-enable @typescript-eslint/no-require-imports */
