/** Temporal: reached, and its namespace as our workflows need it. */
import type { Client } from '@temporalio/client';
import { DAY, retentionGaps, SECOND, type RetentionSettings } from '../domain';
import { readHousekeeping, readRetention, RETENTION_DAYS, unfitAttributes, type Services } from '../temporal';
import { fail, ok, sentence, unknown, warn, type Check, type Finding } from './check';

export interface ConnectedTemporal {
  readonly client: Pick<Client, 'schedule' | 'workflowService' | 'options' | 'withDeadline'>;
  readonly connection: Services;
  readonly namespace: string;
}

export interface TemporalChecks {
  /** The same connection each time. @throws Error whose message says that it cannot be reached. */
  readonly connect: () => Promise<ConnectedTemporal>;
  readonly companyId: string | undefined;
  /** How long a delivery may be sent again; undefined: not known here. */
  readonly memory: Omit<RetentionSettings, 'retentionMs' | 'namespace'> | undefined;
}

const START = 'Start Temporal, or correct TEMPORAL_ADDRESS (and TEMPORAL_API_KEY, TEMPORAL_TLS… where it wants them).';
const SET_UP = 'Run `mt setup`.';

/** How long one call may take. */
const CALL_MS = 2 * SECOND;

/** One that cannot be reached is one line: what depends on it has none then. */
export function temporalChecks(deps: TemporalChecks): readonly Check[] {
  const { connect } = deps;
  return [
    { name: 'Temporal', whenLate: START, run: () => checkReachable(connect) },
    onTemporal('Namespace', connect, (temporal) => checkRetention(temporal, deps.memory)),
    onTemporal('Search attributes', connect, checkAttributes),
    onTemporal('Housekeeping', connect, (temporal) => checkSchedule(temporal, deps.companyId)),
  ];
}

/** A check that needs the connection. What Temporal refuses is explained. */
export function onTemporal(
  name: string,
  connect: TemporalChecks['connect'],
  run: (temporal: ConnectedTemporal) => Promise<readonly Finding[]>,
): Check {
  const look = async (): Promise<readonly Finding[]> => {
    const temporal = await connect().catch(() => undefined);
    if (temporal === undefined) return [];
    try {
      return await temporal.client.withDeadline(Date.now() + CALL_MS, () => run(temporal));
    } catch (error) {
      return [explainRefusal(name, error, temporal.namespace)];
    }
  };
  return { name, whenLate: 'See whether Temporal is overloaded.', run: look };
}

async function checkReachable(connect: TemporalChecks['connect']): Promise<readonly Finding[]> {
  try {
    await connect();
    return [ok('Temporal', 'It answers.')];
  } catch (error) {
    return [fail('Temporal', sentence((error as Error).message), START)];
  }
}

/** Of gRPC's status codes. */
const CODES = {
  cancelled: 1,
  deadline: 4,
  notFound: 5,
  denied: 7,
  unimplemented: 12,
  unavailable: 14,
  who: 16,
} as const;

function explainRefusal(name: string, error: unknown, namespace: string): Finding {
  switch (codeOf(error)) {
    case CODES.notFound:
      return fail(
        name,
        `Temporal has no namespace ${namespace}.`,
        'Run `mt setup`, which makes it, or correct TEMPORAL_NAMESPACE.',
      );
    case CODES.denied:
    case CODES.who:
      return fail(
        name,
        'Temporal refuses: these credentials may not look.',
        `Give the key of TEMPORAL_API_KEY, or the certificate, rights in namespace ${namespace}.`,
      );
    case CODES.unimplemented:
      return unknown(name, 'This Temporal does not say.', 'Look in its own console.');
    case CODES.cancelled:
    case CODES.deadline:
    case CODES.unavailable:
      return fail(name, `Temporal did not answer within ${CALL_MS / SECOND} s.`, 'See whether Temporal is overloaded.');
    default:
      throw error;
  }
}

function codeOf(error: unknown): number | undefined {
  for (let each = error; each instanceof Error; each = each.cause)
    if ('code' in each && typeof each.code === 'number') return each.code;
  return undefined;
}

async function checkRetention(
  { connection, namespace }: ConnectedTemporal,
  memory: TemporalChecks['memory'],
): Promise<readonly Finding[]> {
  const retentionMs = await readRetention(connection, namespace);
  if (retentionMs === undefined)
    return [unknown('Namespace', `${namespace} does not say how long it keeps closed workflows.`, 'Ask its owner.')];
  const gaps = memory === undefined ? [] : retentionGaps({ ...memory, retentionMs, namespace });
  if (gaps.length > 0) return gaps.map((gap) => fail('Namespace', sentence(gap), 'Or run `mt setup`, which does so.'));
  const days = Math.round((retentionMs / DAY) * 10) / 10;
  const keeps = `${namespace} keeps closed workflows for ${days} ${days === 1 ? 'day' : 'days'}`;
  if (retentionMs >= RETENTION_DAYS * DAY) return [ok('Namespace', `${keeps}.`)];
  const command = `temporal operator namespace update --retention ${RETENTION_DAYS}d -n ${namespace}`;
  return [warn('Namespace', `${keeps}; ${RETENTION_DAYS} are advised.`, `Run \`${command}\`.`)];
}

async function checkAttributes({ connection, namespace }: ConnectedTemporal): Promise<readonly Finding[]> {
  const { missing, otherType } = await unfitAttributes(connection, namespace);
  const name = 'Search attributes';
  if (missing.length === 0 && otherType.length === 0) return [ok(name, 'All are registered.')];
  return [
    ...(missing.length === 0
      ? []
      : [fail(name, `Missing: ${missing.join(', ')}. Temporal refuses to start a workflow with them.`, SET_UP)]),
    ...otherType.map((each) =>
      fail(
        name,
        `${each} is of another type.`,
        `Run \`temporal operator search-attribute remove --name ${each} -n ${namespace}\`, then \`mt setup\`.`,
      ),
    ),
  ];
}

async function checkSchedule(
  { client }: ConnectedTemporal,
  companyId: string | undefined,
): Promise<readonly Finding[]> {
  if (companyId === undefined) return [];
  const found = await readHousekeeping(client, companyId);
  const id = `housekeeping:${companyId}`;
  switch (found.is) {
    case 'running':
      return [ok('Housekeeping', 'It is scheduled every quarter of an hour.')];
    case 'missing':
      return [
        fail('Housekeeping', `There is no Schedule ${id}: the ledger forgets nothing, and no digest is sent.`, SET_UP),
      ];
    case 'paused': {
      const why = found.note === '' ? '' : ` (${found.note})`;
      const resume = `temporal schedule toggle --schedule-id ${id} --unpause --reason "…"`;
      return [warn('Housekeeping', `Its Schedule is paused${why}.`, `When that is over: \`${resume}\`.`)];
    }
  }
}
