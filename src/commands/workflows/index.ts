import { CASE_MESSAGES, type CaseMessage, type CaseMessageName } from '../../domain';
import { SettingsError } from '../../settings';
import { askOps, type AskOpsOptions } from '../ask-ops';
import { sendToAll } from './bulk';
import { describeCases, describeShown, type Cases, type Shown } from './describe';

/** Which cases, as the JSON API's filter has them. */
export interface FilterOptions {
  readonly type?: string;
  readonly event?: string;
  readonly user?: string;
  readonly team?: string;
  readonly phase?: string;
  readonly needs?: string;
  readonly cause?: string;
  readonly olderThan?: string;
  readonly deadlineBefore?: string;
  readonly deadlineAfter?: string;
}

interface Common extends AskOpsOptions {
  readonly json?: boolean;
}

export interface ListCommand extends Common, FilterOptions {
  readonly status?: string;
  readonly sort?: string;
  readonly limit?: string;
}

/** The fields of the message are among the options, by their own names. */
export interface MessageCommand extends Common, FilterOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly [field: string]: unknown;
}

/** `mt workflows list`: the cases that match. @returns 0. @throws as `askOps`. */
export async function runWorkflowsList(options: ListCommand): Promise<number> {
  const { status, sort, limit, json = false } = options;
  const answer = await askOps(options).get('/api/workflows', { ...filterOf(options), status, sort, limit });
  console.log(json ? JSON.stringify(answer) : describeCases(answer as Cases).join('\n'));
  return 0;
}

/** `mt workflows show`: one case. @returns 0. @throws as `askOps`; Error when there is none. */
export async function runWorkflowsShow(workflowId: string, options: Common): Promise<number> {
  const answer = await askOps(options).get(`/api/workflows/${encodeURIComponent(workflowId)}`);
  console.log(options.json === true ? JSON.stringify(answer) : describeShown(answer as Shown).join('\n'));
  return 0;
}

/**
 * `mt workflows <message>`: to one workflow, or with `--all` to all that match.
 * @returns 0, or 1 when it was not done for some.
 * @throws SettingsError for options that do not fit; Error with the sentence of whoever refused it.
 */
export async function runWorkflowsMessage(
  message: CaseMessageName,
  workflowId: string | undefined,
  options: MessageCommand,
): Promise<number> {
  const args = fieldsOf(message, options);
  const filter = filterOf(options);
  const { all = false, json = false } = options;
  const faults = faultsOf(workflowId, options, filter);
  if (faults.length > 0) throw new SettingsError(faults);
  if (all) return sendToAll(askOps(options), { message, args, filter, dryRun: options.dryRun === true }, json);
  const path = `/api/workflows/${encodeURIComponent(workflowId ?? '')}/messages/${message}`;
  const answer = (await askOps(options).post(path, args)) as { note: string; state: { phase: string } | null };
  const phase = answer.state === null ? '' : `; it is now ${answer.state.phase}`;
  console.log(json ? JSON.stringify(answer) : `${workflowId}: ${message} ${answer.note}${phase}`);
  return 0;
}

function faultsOf(workflowId: string | undefined, options: MessageCommand, filter: object): readonly string[] {
  const { all = false, dryRun = false, reason } = options;
  if (!all) {
    if (workflowId === undefined) return ['name a workflow id, or --all with a filter'];
    const isFiltered = Object.keys(filter).length > 0;
    return dryRun || isFiltered ? ['--dry-run and filters go with --all'] : [];
  }
  if (workflowId !== undefined) return ['name a workflow id or --all, not both'];
  if (reason === undefined) return ['--reason: missing; a message to many needs one'];
  return Object.keys(filter).length === 0 ? ['--all needs a filter, such as --event or --cause'] : [];
}

/** The options that are fields of the message. */
function fieldsOf(message: CaseMessageName, options: MessageCommand): Readonly<Record<string, unknown>> {
  const { fields }: CaseMessage = CASE_MESSAGES[message];
  const names = [...Object.keys(fields), 'reason'];
  return Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

function filterOf(options: FilterOptions): Readonly<Record<string, string>> {
  const { type, event, user, team, phase, needs, cause, olderThan, deadlineBefore, deadlineAfter } = options;
  const named = {
    type,
    event,
    userId: user,
    teamId: team,
    phase,
    needs,
    cause,
    olderThan,
    deadlineBefore,
    deadlineAfter,
  };
  return Object.fromEntries(Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
