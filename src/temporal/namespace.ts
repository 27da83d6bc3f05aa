import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { msToTs, optionalTsToMs } from '@temporalio/common/lib/time';
import { DAY } from '../domain';
import { searchAttributes } from './names';

/**
 * How long a closed workflow, and with it its event id, is remembered at least. Temporal is the first to
 * recognise a redelivery: this has to outlast the replay window (8 h) and a sender's ladder (7 h 20 min) that begins at the end
 * of it; the days are for a ledger that is being restored, and for people who look at last week.
 */
export const RETENTION_DAYS = 8;

/** Of `temporal.api.enums.v1.IndexedValueType`. */
const INDEXED_VALUE_TYPES = {
  [SearchAttributeType.TEXT]: 1,
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.DOUBLE]: 4,
  [SearchAttributeType.BOOL]: 5,
  [SearchAttributeType.DATETIME]: 6,
  [SearchAttributeType.KEYWORD_LIST]: 7,
} as const;

/** Of gRPC's status codes. */
const NOT_FOUND = 5;
const VISIBLE_TIMEOUT_MS = 10_000;
const POLL_MS = 50;

/** What is asked of a connection, grpc-js's or the native one. */
export type Services = Pick<Connection, 'workflowService' | 'operatorService'>;

/** The retention that a namespace has, in ms; undefined when the server does not say. */
interface Prepared {
  readonly registered: readonly string[];
  readonly retentionMs: number | undefined;
}

/**
 * Register the search attributes that the namespace lacks, and see to its retention: `extend` makes one that is shorter
 * than `days` as long (never shorter), `report` leaves it. Idempotent.
 * @throws Error when the server refuses.
 */
export async function prepareNamespace(
  connection: Services,
  namespace: string,
  shortRetention: 'extend' | 'report',
  days = RETENTION_DAYS,
): Promise<Prepared> {
  const registered = await registerMissing(connection, namespace);
  const retentionMs = await readRetention(connection, namespace);
  const wantedMs = days * DAY;
  if (shortRetention === 'report' || retentionMs === undefined || retentionMs >= wantedMs)
    return { registered, retentionMs };
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(wantedMs) },
  });
  return { registered, retentionMs: wantedMs };
}

/** How long the namespace keeps a closed workflow, in ms; undefined when the server does not say. @throws Error as the server refuses. */
export async function readRetention(
  { workflowService }: Pick<Services, 'workflowService'>,
  namespace: string,
): Promise<number | undefined> {
  const { config } = await workflowService.describeNamespace({ namespace });
  return optionalTsToMs(config?.workflowExecutionRetentionTtl);
}

/**
 * Make the namespace when there is none of its name, with a retention of so many days. Idempotent.
 * @returns whether it was made.
 * @throws Error when the server refuses, or does not know it in time.
 */
export async function ensureNamespace(connection: Services, namespace: string, days: number): Promise<boolean> {
  const isThere = () => knows(connection, namespace);
  if (await isThere()) return false;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs(days * DAY),
  });
  // The server answers before every part of it knows.
  const deadline = performance.now() + VISIBLE_TIMEOUT_MS;
  while (!(await isThere())) {
    if (performance.now() > deadline)
      throw new Error(`namespace ${namespace} was made, but is not known yet: try again`);
    await delay(POLL_MS);
  }
  return true;
}

async function knows({ operatorService, workflowService }: Services, namespace: string): Promise<boolean> {
  try {
    await workflowService.describeNamespace({ namespace });
    await operatorService.listSearchAttributes({ namespace });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND) return false;
    throw error;
  }
}

async function registerMissing(connection: Services, namespace: string): Promise<readonly string[]> {
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return [];
  const types = missing.map(({ name, type }) => [name, INDEXED_VALUE_TYPES[type]] as const);
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(types) });
  // The server answers before every part of it knows: a start that names one would still be refused.
  const deadline = performance.now() + VISIBLE_TIMEOUT_MS;
  while ((await missingAttributes(connection, namespace)).length > 0 && performance.now() < deadline)
    await delay(POLL_MS);
  return missing.map(({ name }) => name);
}

/** The search attributes that the namespace lacks, and those that it has as another type. @throws Error as the server refuses. */
export async function unfitAttributes(
  { operatorService }: Pick<Services, 'operatorService'>,
  namespace: string,
): Promise<{ readonly missing: readonly string[]; readonly otherType: readonly string[] }> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const all = Object.values(searchAttributes);
  const isThere = ({ name }: { readonly name: string }): boolean => Object.hasOwn(customAttributes, name);
  const isOther = ({ name, type }: (typeof all)[number]): boolean =>
    (customAttributes[name] as number | undefined) !== INDEXED_VALUE_TYPES[type];
  return {
    missing: all.filter((each) => !isThere(each)).map(({ name }) => name),
    otherType: all.filter((each) => isThere(each) && isOther(each)).map(({ name }) => name),
  };
}

async function missingAttributes(connection: Services, namespace: string) {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return Object.values(searchAttributes).filter(({ name }) => !Object.hasOwn(customAttributes, name));
}
