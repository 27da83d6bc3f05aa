import { isDeepStrictEqual } from 'node:util';
import type { SystemSettings } from '../../src/settings';
import { renderCertificate } from '../certificate';
import type { Connector, ConnectorDeps } from '../connector';
import { rejected } from '../failure';
import { createHttp } from '../http';
import { createWrite, ownWorkflowId, type StepContext } from '../write-once';
import { statementOf, withCertificate, type Statement, type StatementFacts } from './statement';

export interface XapiActivities {
  /**
   * Store the learner's completion in the LMS's record store, the certificate with it. One statement an event, verb and
   * course. `unchanged`: it was there already.
   */
  storeStatement(context: StepContext, facts: StatementFacts): Promise<'done' | 'unchanged' | 'observed'>;
}

/**
 * An LMS or LRS by xAPI 1.0.3 (https://github.com/adlnet/xAPI-Spec). Sending the same statement under the same id again
 * changes nothing (part 2 §2.3.1): 204, or 409 from a store that compares more than the specification says.
 * @throws `xapi.unavailable` and `ledger.unavailable` (retry), `xapi.rejected`.
 */
export function connect(
  { url, key, secret }: SystemSettings['xapi'],
  { pool, ...limits }: ConnectorDeps,
): Connector<XapiActivities> {
  const write = createWrite('xapi', pool);
  const headers = (): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${key}:${secret()}`).toString('base64')}`,
    'x-experience-api-version': '1.0.3',
  });
  const http = createHttp({ system: 'xapi', baseUrl: url, headers, write, ...limits });

  async function storeStatement(
    context: StepContext,
    facts: StatementFacts,
  ): ReturnType<XapiActivities['storeStatement']> {
    const certificate = await renderCertificate(facts);
    const statement = statementOf(ownWorkflowId(), facts, certificate);
    const { verb, courseId: course } = facts;
    const would = { verb, course, certificate: statement.attachments[0]?.sha2 };
    const isStillSo = (): Promise<boolean> => holds(statement);
    const effect = { context, naturalKey: `statement:${statement.id}`, would, isStillSo };
    return write(effect, () => put(statement, certificate));
  }

  async function holds(statement: Statement): Promise<boolean> {
    const { status, body } = await http.read({ method: 'GET', path: pathOf(statement), accept: [404] });
    return status !== 404 && isSame(bareStatement(body), statement);
  }

  async function put(statement: Statement, certificate: Uint8Array): Promise<'done' | 'unchanged'> {
    const { contentType, raw } = withCertificate(statement, certificate);
    const { status } = await http.read({
      method: 'PUT',
      path: pathOf(statement),
      raw,
      headers: { 'content-type': contentType },
      accept: [409],
    });
    if (status === 204) return 'done';
    // A sign-in page answers 200 to anything.
    if (status !== 409) throw noStore(status);
    if (!(await holds(statement))) throw rejected('xapi', 'holds another statement under this id', { status });
    return 'unchanged';
  }

  /** Reads one statement: `/about` answers without credentials. */
  async function check(): Promise<void> {
    const { body, status } = await http.read({ method: 'GET', path: '/statements?limit=1' });
    if (!Array.isArray((body as { statements?: unknown } | undefined)?.statements)) throw noStore(status);
  }

  return { activities: { storeStatement }, check };
}

function pathOf({ id }: Statement): string {
  return `/statements?statementId=${id}`;
}

function noStore(status: number): Error {
  return rejected('xapi', 'did not answer as a record store: is its URL right?', { status });
}

/** Some stores answer with a list of one (Ralph does). */
function bareStatement(body: unknown): unknown {
  const { statements } = (body ?? {}) as { statements?: unknown };
  return Array.isArray(statements) ? statements[0] : body;
}

/** What a statement says, without what a store may add or write differently: names, its own times, its authority. */
const ESSENCE = [
  ...['actor.account.homePage', 'actor.account.name', 'verb.id', 'object.id'],
  ...['result.score.scaled', 'result.score.raw', 'result.score.min', 'result.score.max'],
  ...['result.completion', 'result.success'],
];

function isSame(held: unknown, ours: Statement): boolean {
  return isDeepStrictEqual(essenceOf(held), essenceOf(ours));
}

function essenceOf(statement: unknown): readonly unknown[] {
  return [...ESSENCE.map((path) => valueAt(statement, path)), Date.parse(String(valueAt(statement, 'timestamp')))];
}

function valueAt(statement: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce((held: unknown, key) => (held as Readonly<Record<string, unknown>> | null | undefined)?.[key], statement);
}
