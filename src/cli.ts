import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { exit } from './cli/exit';
import { load } from './cli/load';
import { addOperating } from './cli/operating';
import type * as Dev from './commands/dev';
import type * as Ledger from './commands/ledger';
import type * as Send from './commands/send';
import type * as StandIns from './commands/stand-ins';
import { SYSTEMS } from './domain';

const FAILED = 1;
const BAD_USAGE = 2;

/** Longer than any command takes to stop by itself once whoever started it is gone. */
const ORPHAN_LIMIT_MS = 30_000;

/** Run `mt` with the arguments of a process (`argv`); sets its exit code: 0, 1 it failed, 2 bad usage. */
export async function main(argv: readonly string[]): Promise<void> {
  endWhenOrphaned();
  try {
    await createProgram().parseAsync(argv);
  } catch (error) {
    process.exit(report(error, argv.includes('--debug')));
  }
}

/** Every command and option of `mt`. */
export function createProgram(): Command {
  const program = new Command('mt')
    .description('Every MindTickle webhook delivery becomes one durable Temporal workflow.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .option('--debug', 'show where an error comes from');
  addDev(program);
  addDemo(program);
  addSend(program);
  addOperating(program);
  addProcesses(program);
  addPartsOfDev(program);
  return program;
}

function addDev(program: Command): void {
  program
    .command('dev')
    .description('the whole stack on this machine, with stand-ins for every other system')
    .option('--port <port>', "the receiver's port (default: PORT, else 3000; 0: any free one)", portNumber)
    .option('--ops-port <port>', 'the private port (default: OPS_PORT, else 3001)', portNumber)
    .option('--stand-ins-port <port>', 'the port of the stand-ins (default: 3002)', portNumber)
    .option('--temporal-port <port>', "Temporal's port (default: 7233)", portNumber)
    .option('--ui-port <port>', 'the port of Temporal Web UI (default: 8233)', portNumber)
    .option('--data-dir <path>', 'where history and data stay (default: DATA_DIR, else .data)')
    .addOption(connectorOption())
    .option('--json', 'print one line of JSON when it is ready')
    .action(async (options: Dev.DevOptions) => exit(await load.dev().runDev(options)));
}

function connectorOption(): Option {
  const explanation = 'let the real system of your environment through for one connector; it is only observed';
  return new Option('--connect <connector>', explanation).choices(SYSTEMS);
}

function addDemo(program: Command): void {
  program
    .command('demo')
    .description('signed deliveries of each event through a running mt dev, and what came of each')
    .option('--run <id>', "repeat an earlier run's event ids")
    .option('--data-dir <path>', 'of the mt dev that runs (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document')
    .action(async ({ json = false, dataDir, ...rest }: { run?: string; dataDir?: string; json?: boolean }) => {
      const { dataDirOf } = load.dataDir();
      await exit(await load.demo().runDemo({ ...rest, json, dataDir: dataDir ?? dataDirOf(process.env) }));
    });
}

function addSend(program: Command): void {
  program
    .command('send')
    .description('sign and send one delivery')
    .argument('<event>', 'course.completed, quiz.submitted, … or any other name')
    .option('--data <json>', "the event's data (default: a sample that fits the event)", jsonValue)
    .option('--file <path>', 'send the content of this file as the body, as it is')
    .option('--event-id <id>', 'default: a new one')
    .option('--timestamp <text>', 'the timestamp header, as it is (default: now)')
    .option('--secret <secret>', 'default: MINDTICKLE_WEBHOOK_SECRET, else that of the running mt dev')
    .option('--url <url>', "the receiver's endpoint (default: that of the running mt dev)")
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document')
    .action(async (event: string, options: Send.SendOptions) => exit(await load.send().runSend(event, options)));
}

function addProcesses(program: Command): void {
  program
    .command('receiver')
    .description('take deliveries and start workflows (settings from the environment)')
    .action(async () => {
      await load.receiver().runReceiver(process.env);
      await exit(0);
    });
  program
    .command('worker')
    .description('run workflows and activities (settings from the environment)')
    .action(async () => {
      await load.worker().runWorker(process.env);
      await exit(0);
    });
}

/** What `mt dev` starts beside the processes of production. */
function addPartsOfDev(program: Command): void {
  program
    .command('ledger', { hidden: true })
    .requiredOption('--data-dir <path>')
    .requiredOption('--port <port>', '', portNumber)
    .addOption(new Option('--kind <kind>').choices(['postgres', 'pglite']))
    .action(async (options: Ledger.LedgerOptions) =>
      exit(await load.ledger().runLedger({ ...options, logLevel: process.env['LOG_LEVEL'] })),
    );
  program
    .command('stand-ins', { hidden: true })
    .requiredOption('--port <port>', '', portNumber)
    .requiredOption('--smtp-port <port>', '', portNumber)
    .option('--state-file <path>')
    .action(async (options: Omit<StandIns.StandInsCommand, 'token'>) => {
      const token = process.env['STAND_INS_TOKEN'];
      if (token === undefined || token === '') throw new (load.settings().SettingsError)(['STAND_INS_TOKEN: missing']);
      await exit(await load.standIns().runStandIns({ ...options, token, logLevel: process.env['LOG_LEVEL'] }));
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Not a port: 0 to 65535.');
  return port;
}

function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Not JSON.');
  }
}

function report(error: unknown, isDebug: boolean): number {
  // Commander has written its message; help and --version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USAGE;
  const isSettingsFault = error instanceof load.settings().SettingsError;
  const faults = isSettingsFault ? error.faults : [error instanceof Error ? error.message : String(error)];
  for (const fault of faults) console.error(`mt: ${fault}`);
  if (isDebug && error instanceof Error) console.error(error.stack);
  return isSettingsFault ? BAD_USAGE : FAILED;
}

/** A process that `mt dev` started may be told that `mt dev` is gone before its command listens for that. */
function endWhenOrphaned(): void {
  if (process.send !== undefined)
    process.once('disconnect', () => setTimeout(() => process.exit(FAILED), ORPHAN_LIMIT_MS).unref());
}

if (require.main === module) void main(process.argv);
