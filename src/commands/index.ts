import { Command, Option } from 'commander';
import { SYSTEMS } from '../domain';
import { addControl } from './control';
import { addDoctor, addVerify } from './diagnose';
import { jsonValue, portNumber, runId } from './arguments';
import type * as Demo from './demo';
import type * as Dev from './dev';
import type * as Learners from './learners';
import type * as Ledger from './ledger';
import type * as Ops from './ops';
import type * as Receiver from './receiver';
import { addAudit, addForget } from './records';
import type * as Send from './send';
import type * as Setup from './setup';
import { addSimulate } from './simulations';
import type * as Spool from './spool';
import type * as StandIns from './stand-ins';
import { addWebhooks } from './subscription';
import { version } from './version';
import type * as WorkerCommand from './worker';

/* eslint-disable @typescript-eslint/no-require-imports --
 * Each command is loaded when it is run, so that `mt --help` does not wait for Temporal's SDK. `import()` would want file
 * extensions, as for an ES module. */

/** Ends the process with the code, once all that was printed has been read. */
type End = (code: number) => Promise<never>;

/** Every command and option of `mt`. */
export function createProgram(end: End): Command {
  const program = new Command('mt')
    .description('Every MindTickle webhook delivery becomes one durable Temporal workflow.')
    .exitOverride()
    .showHelpAfterError('(--help explains every command and option)')
    .version(version(), '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .option('--debug', 'show where an error comes from');
  addDev(program, end);
  addDemoAndSend(program, end);
  addSimulate(program, end);
  addVerify(program, end);
  addDoctor(program, end);
  addSetup(program, end);
  addWebhooks(program, end);
  addSpool(program, end);
  addLearners(program, end);
  addAudit(program, end);
  addControl(program, end, jsonValue);
  addProcesses(program, end);
  addPartsOfDev(program, end);
  return program;
}

const DATA_DIR_OF_RUNNING = ['--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)'] as const;
const ONE_JSON_DOCUMENT = ['--json', 'print one JSON document'] as const;

function addDev(program: Command, end: End): void {
  const connect = 'let the real system of your environment through for one connector; it is only observed';
  program
    .command('dev')
    .description('the whole stack on this machine, with stand-ins for every other system')
    .option('--port <port>', "the receiver's port (default: PORT, else 3000; 0: any free one)", portNumber)
    .option('--ops-port <port>', 'the port of the operations (default: OPS_PORT, else 3001)', portNumber)
    .option('--stand-ins-port <port>', 'the port of the stand-ins (default: 3002)', portNumber)
    .option('--temporal-port <port>', "Temporal's port (default: 7233)", portNumber)
    .option('--ui-port <port>', 'the port of Temporal Web UI (default: 8233)', portNumber)
    .option('--data-dir <path>', 'where history and data stay (default: DATA_DIR, else .data)')
    .addOption(new Option('--connect <connector>', connect).choices(SYSTEMS))
    .option('--json', 'print one line of JSON when it is ready')
    .action(async (options: Dev.DevOptions) => end(await (require('./dev') as typeof Dev).runDev(options)));
}

function addDemoAndSend(program: Command, end: End): void {
  program
    .command('demo')
    .description('signed deliveries of each event through a running mt dev, and what came of each')
    .option('--run <id>', "repeat an earlier run's event ids", runId)
    .option(...DATA_DIR_OF_RUNNING)
    .option(...ONE_JSON_DOCUMENT)
    .action(async (options: Demo.DemoOptions) => end(await (require('./demo') as typeof Demo).runDemo(options)));
  program
    .command('send')
    .description('sign and send one delivery')
    .argument('<event>', 'course.completed, quiz.submitted, …')
    .option('--force', 'send an event of any other name, too')
    .option('--data <json>', "the event's data (default: a sample that fits the event)", jsonValue)
    .option('--file <path>', 'send the content of this file as the body, as it is')
    .option('--event-id <id>', 'default: a new one')
    .option('--timestamp <text>', 'the timestamp header, as it is (default: now)')
    .option('--secret <secret>', 'default: MINDTICKLE_WEBHOOK_SECRET, else that of the running mt dev')
    .option('--url <url>', "the receiver's endpoint (default: that of the running mt dev)")
    .option(...DATA_DIR_OF_RUNNING)
    .option(...ONE_JSON_DOCUMENT)
    .action(async (event: string, options: Send.SendOptions) =>
      end(await (require('./send') as typeof Send).runSend(event, options)),
    );
}

function addSetup(program: Command, end: End): void {
  program
    .command('setup')
    .description('namespace, retention, search attributes, tables and Schedule; run again, it changes nothing')
    .option(...ONE_JSON_DOCUMENT)
    .action(async (options: { json?: boolean }) =>
      end(await (require('./setup') as typeof Setup).runSetup(process.env, options)),
    );
}

function addSpool(program: Command, end: End): void {
  const load = (): typeof Spool => require('./spool') as typeof Spool;
  const spool = program.command('spool').description('deliveries that Temporal does not have yet');
  const addCommand = (name: string, description: string): Command =>
    spool
      .command(name)
      .description(description)
      .option('--dir <path>', "the spool's directory of a receiver that no longer runs, such as .data/spool")
      .option('--url <url>', "the receiver's private port (default: that of the running mt dev, else OPS_PORT)")
      .option(...DATA_DIR_OF_RUNNING)
      .option(...ONE_JSON_DOCUMENT);
  addCommand('status', 'how full it is, what waits, and the dead letters').action(async (options: Spool.SpoolCommand) =>
    end(await load().runSpoolStatus(options)),
  );
  addCommand('drain', 'try the dead letters again; with --dir, hand all of it to Temporal').action(
    async (options: Spool.SpoolCommand) => end(await load().runSpoolDrain(options)),
  );
}

function addLearners(program: Command, end: End): void {
  const learners = program.command('learners').description('people who are there already, and who are to be erased');
  addForget(learners, end);
  learners
    .command('import')
    .description('add the people who are there already; run again, it changes nothing')
    .argument('<file>', 'CSV; its first row names the columns userId,email,role,teamId,managerEmail; -: standard input')
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--overwrite', 'the file wins also over what an event or a person has said since')
    .option(...DATA_DIR_OF_RUNNING)
    .option(...ONE_JSON_DOCUMENT)
    .addHelpText('after', '\nExits with 0 when every row was imported, 1 when some were left out, 2 for bad usage.')
    .action(async (file: string, options: Learners.ImportCommand) =>
      end(await (require('./learners') as typeof Learners).runLearnersImport(file, options)),
    );
}

function addProcesses(program: Command, end: End): void {
  program
    .command('receiver')
    .description('accept deliveries and start workflows (settings from the environment)')
    .action(async () => {
      await (require('./receiver') as typeof Receiver).runReceiver(process.env);
      await end(0);
    });
  program
    .command('worker')
    .description('run workflows and activities (settings from the environment)')
    .action(async () => {
      await (require('./worker') as typeof WorkerCommand).runWorker(process.env);
      await end(0);
    });
  program
    .command('ops')
    .description('the operations: page, JSON API and metrics (settings from the environment)')
    .action(async () => {
      await (require('./ops') as typeof Ops).runOps(process.env);
      await end(0);
    });
}

/** What `mt dev` starts beside the processes of production. */
function addPartsOfDev(program: Command, end: End): void {
  program
    .command('ledger', { hidden: true })
    .requiredOption('--data-dir <path>')
    .requiredOption('--port <port>', '', portNumber)
    .addOption(new Option('--kind <kind>').choices(['postgres', 'pglite']))
    .action(async (options: Ledger.LedgerOptions) =>
      end(await (require('./ledger') as typeof Ledger).runLedger(options, process.env)),
    );
  program
    .command('stand-ins', { hidden: true })
    .requiredOption('--port <port>', '', portNumber)
    .requiredOption('--smtp-port <port>', '', portNumber)
    .option('--state-file <path>')
    .action(async (options: StandIns.StandInsCommand) =>
      end(await (require('./stand-ins') as typeof StandIns).runStandIns(options, process.env)),
    );
}
/* eslint-enable @typescript-eslint/no-require-imports */
