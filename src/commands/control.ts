/** The commands that people control running workflows with; those of messages are made from the one table of them. */
import { Option, type Command } from 'commander';
import {
  CASE_MESSAGE_NAMES,
  CASE_MESSAGES,
  CASE_TYPES,
  kebabCase,
  SYSTEMS,
  type CaseMessage,
  type CaseMessageName,
} from '../domain';
import type * as Connectors from './connectors';
import type * as Workflows from './workflows';

/* eslint-disable @typescript-eslint/no-require-imports -- As in index.ts: each command is loaded when it is run. */
const loadWorkflows = (): typeof Workflows => require('./workflows') as typeof Workflows;
const loadConnectors = (): typeof Connectors => require('./connectors') as typeof Connectors;
/* eslint-enable @typescript-eslint/no-require-imports */

type End = (code: number) => Promise<never>;

const ONE_OR_ALL = `
To one workflow by its id, or to all that match: first with --dry-run, which only lists them.
Exits with 0 when it is done, 1 when it was refused or failed for some, 2 for bad usage.`;

export function addControl(program: Command, end: End, json: (text: string) => unknown): void {
  const workflows = program.command('workflows').description('list, show and control running workflows');
  addLists(workflows, end);
  for (const name of CASE_MESSAGE_NAMES) addMessage(workflows, end, name, json);
  addConnectors(program, end);
}

function addLists(workflows: Command, end: End): void {
  withAddress(withFilter(workflows.command('list').description('the cases that match, the newest first')))
    .addOption(new Option('--status <status>', 'default: running').choices(['running', 'closed', 'all']))
    .addOption(new Option('--sort <by>', 'default: started').choices(['started', 'deadline']))
    .option('--limit <count>', 'so many at most (default: 50)')
    .action(async (options: Workflows.ListCommand) => end(await loadWorkflows().runWorkflowsList(options)));
  withAddress(workflows.command('show').description('what one does and did, and what is possible now'))
    .argument('<workflowId>', 'an event id')
    .action(async (workflowId: string, options: Workflows.ListCommand) =>
      end(await loadWorkflows().runWorkflowsShow(workflowId, options)),
    );
}

function addMessage(workflows: Command, end: End, name: CaseMessageName, json: (text: string) => unknown): void {
  const { does, fields }: CaseMessage = CASE_MESSAGES[name];
  const command = withFilter(workflows.command(kebabCase(name)).description(lowerFirst(does)))
    .argument('[workflowId]', 'an event id')
    .option('--all', 'to all that match the filter')
    .option('--dry-run', 'with --all: list them, and send nothing');
  const hasReason = Object.hasOwn(fields, 'reason');
  for (const [field, { kind, isRequired, says }] of Object.entries(fields)) {
    const option = new Option(`--${kebabCase(field)} <${kind}>`, says).makeOptionMandatory(isRequired);
    command.addOption(kind === 'json' ? option.argParser(json) : option);
  }
  if (!hasReason) command.option('--reason <text>', 'why; with --all it is required');
  withAddress(command)
    .addHelpText('after', ONE_OR_ALL)
    .action(async (workflowId: string | undefined, options: Workflows.MessageCommand) =>
      end(await loadWorkflows().runWorkflowsMessage(name, workflowId, options)),
    );
}

function withFilter(command: Command): Command {
  return command
    .addOption(new Option('--type <type>', 'the workflow type').choices(CASE_TYPES))
    .option('--event <name>', 'such as certification.expired')
    .option('--user <userId>', "MindTickle's user id")
    .option('--team <teamId>')
    .addOption(new Option('--phase <phase>').choices(['working', 'waiting', 'parked', 'undoing']))
    .addOption(new Option('--needs <whom>').choices(['person', 'time', 'system']))
    .option('--cause <key>', 'why it waits, such as identity.credentialsRefused')
    .option('--older-than <age>', 'started before so long: 14d, 36h, 90m')
    .option('--deadline-before <time>', 'ISO 8601')
    .option('--deadline-after <time>', 'ISO 8601');
}

function withAddress(command: Command): Command {
  return command
    .option('--url <url>', 'of mt ops (default: OPS_URL or OPS_PORT, else that of the running mt dev)')
    .option('--data-dir <path>', 'of the running mt dev (default: DATA_DIR, else .data)')
    .option('--json', 'print one JSON document');
}

function addConnectors(program: Command, end: End): void {
  const connectors = program.command('connectors').description('hold all calls to a system, and let them go again');
  withAddress(connectors.command('status').description('mode, workers, calls that wait, and which are held')).action(
    async (options: Connectors.ConnectorsCommand) => end(await loadConnectors().runConnectorsStatus(options)),
  );
  const does = {
    hold: 'no call is made until it is released; calls that have begun go on',
    release: 'the calls that wait are made',
  } as const;
  for (const action of ['hold', 'release'] as const)
    withAddress(connectors.command(action).description(does[action]))
      .addOption(new Option('--reason <text>', 'why; it is kept in Temporal').makeOptionMandatory())
      .argument('<system>', SYSTEMS.join(', '))
      .action(async (system: string, options: Connectors.ConnectorsCommand & { reason: string }) =>
        end(await loadConnectors().runConnectorsSwitch(action, system, options)),
      );
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
