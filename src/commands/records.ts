/** The commands about what is kept: the audit, and the erasure of a person. */
import type { Command } from 'commander';
import type * as Audit from './audit';
import type * as Learners from './learners';

/* eslint-disable @typescript-eslint/no-require-imports -- As in index.ts: each command is loaded when it is run. */
const loadAudit = (): typeof Audit => require('./audit') as typeof Audit;
const loadLearners = (): typeof Learners => require('./learners') as typeof Learners;
/* eslint-enable @typescript-eslint/no-require-imports */

type End = (code: number) => Promise<never>;

export function addAudit(program: Command, end: End): void {
  withAddress(program.command('audit').description('who and what changed which system, when and why'))
    .option('--user <userId>', 'of one person')
    .option('--since <time>', 'begun then or later: 2026-11-28, or with a time')
    .option('--csv', 'as CSV')
    .action(async (options: Audit.AuditCommand) => end(await loadAudit().runAudit(options)));
}

export function addForget(learners: Command, end: End): void {
  withAddress(learners.command('forget').description('erase a person; receipts and changes stay under a pseudonym'))
    .argument('<userId>', "MindTickle's user id")
    .requiredOption('--reason <text>', 'why; it stays in the audit, so do not name the person')
    .option('--dry-run', 'say what would be erased, and change nothing')
    .addHelpText('after', '\nRemove the person at MindTickle first: a later event brings them back.')
    .action(async (userId: string, options: Learners.ForgetCommand) =>
      end(await loadLearners().runLearnersForget(userId, options)),
    );
}

function withAddress(command: Command): Command {
  return command
    .option('--url <url>', 'of mt ops (default: OPS_URL, else OPS_PORT, else that of the running mt dev)')
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document');
}
