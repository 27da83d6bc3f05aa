import { lastResult } from '../../src/ledger';
import type { SystemSettings } from '../../src/settings';
import { renderCertificate } from '../certificate';
import type { Connector, ConnectorDeps } from '../connector';
import { createHttp } from '../http';
import { createWrite, ownWorkflowId, type StepContext } from '../write-once';
import { ALONE, createSender, noStore, type Sent } from './sender';
import { statementOf, type StatementFacts } from './statement';

export interface XapiActivities {
  /**
   * Store the learner's completion in the LMS's record store, the certificate with it where the store takes attachments. One
   * statement an event, verb and course. `unchanged`: it was there already.
   */
  storeStatement(context: StepContext, facts: StatementFacts): Promise<Sent | 'observed'>;
}

/**
 * An LMS or LRS by xAPI 1.0.3 (https://github.com/adlnet/xAPI-Spec). Sending the same statement under the same id again
 * changes nothing (part 2 §2.3.1): 204, or 409 from a store that compares more than the specification says.
 * @throws `xapi.unavailable` and `ledger.unavailable` (retry), `xapi.rejected`.
 */
export function connect(
  { url, key, secret }: SystemSettings['xapi'],
  { pool, policy, ...limits }: ConnectorDeps,
): Connector<XapiActivities> {
  const write = createWrite('xapi', pool);
  const headers = (): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${key}:${secret()}`).toString('base64')}`,
    'x-experience-api-version': '1.0.3',
  });
  const http = createHttp({ system: 'xapi', baseUrl: url, headers, write, ...limits });
  const { attachments = 'auto' } = policy.xapi;
  const sender = createSender(http, attachments, limits.now);

  async function storeStatement(
    context: StepContext,
    facts: StatementFacts,
  ): ReturnType<XapiActivities['storeStatement']> {
    const certificate = await renderCertificate(facts);
    const statement = statementOf(ownWorkflowId(), facts, certificate);
    const { verb, courseId: course } = facts;
    const would = { verb, course, certificate: statement.attachments[0]?.sha2 };
    const isStillSo = (): Promise<boolean> => sender.holds(statement);
    const effect = { context, naturalKey: `statement:${statement.id}`, would, isStillSo };
    return write(effect, () => sender.send(statement, certificate));
  }

  /** Reads one statement: `/about` answers without credentials. */
  async function check(): Promise<void> {
    const call = 'read statements';
    const { body, status } = await http.read({ method: 'GET', path: '/statements?limit=1', call });
    if (!Array.isArray((body as { statements?: unknown } | undefined)?.statements)) throw noStore(status, call);
  }

  async function note(): Promise<string | undefined> {
    if (attachments === 'never') return 'Certificates are not attached (xapi.attachments: never)';
    const last = await lastResult(pool, 'xapi');
    return last === ALONE
      ? 'Its last statement was stored without the certificate: it takes no attachments'
      : undefined;
  }

  return { activities: { storeStatement }, checks: [check], note };
}
