import type { Pool } from 'pg';
import { DEFAULT_SALESFORCE_NAMES, type System } from '../src/domain';
import type { WorkerSettings } from '../src/settings';
import { checkArchive, createArchiveActivities } from './archive';
import { createConfirm, createWrite, type Write } from './write-once';
import { createHttp, type Http } from './http';
import { checkIdentity, createIdentityActivities } from './identity';
import { createIdentityDriver } from './identity/drivers';
import { createLedgerActivities } from './ledger';
import { checkMail, createAlerts, createMailActivities } from './mail';
import { createQuietActivities, type IsRunning } from './ledger/reconcile';
import type { Rereader } from '../src/receiver';
import { createReadingActivities } from './reread';
import { createSalesforceActivities } from './salesforce';
import { createSalesforceApi } from './salesforce/api';
import { checkSalesforce, createSessions } from './salesforce/sign-in';
import { checkSlack, createSlackActivities, type SlackApis } from './slack';
import { createTermsActivities } from './policy-snapshot';
import { checkXapi, createXapiActivities } from './xapi';

export type { ArchiveActivities } from './archive';
export type { StepContext } from './write-once';
export type { IdentityActivities } from './identity';
export type { Change } from './identity/changes';
export type { Person } from './identity/driver';
export type { LedgerActivities } from './ledger';
export type { MailActivities, Role } from './mail';
export type { QuietActivities } from './ledger/reconcile';
export type { ReadingActivities } from './reread';
export type { SalesforceActivities } from './salesforce';
export type { ChatTarget, SlackActivities } from './slack';
export type { TermsActivities } from './policy-snapshot';
export type { XapiActivities } from './xapi';
export type { StatementFacts } from './xapi/statement';

/** What every worker runs on the workflows' own task queue. */
export function createOwnActivities(
  settings: WorkerSettings,
  pool: Pool,
  read: Rereader,
  isRunning: IsRunning,
): object {
  return {
    ...createLedgerActivities({ pool, policy: settings.policy, receiptDays: settings.receiptDays }),
    ...createTermsActivities(settings.policy, settings.modes),
    ...createReadingActivities(read),
    ...createQuietActivities({ pool, isRunning }),
  };
}

/** The connectors that have settings, by system; each runs on a task queue of its own. A new connector is a line here. */
export function createConnectors({ connectors, policy }: WorkerSettings, pool: Pool): Partial<Record<System, object>> {
  const { identity, mail, archive, salesforce, slack, xapi } = connectors;
  return {
    ...(identity && { identity: identityActivities(identity, policy, pool) }),
    ...(mail && {
      mail: createMailActivities({ ...mail, write: createWrite('mail', pool), alerts: createAlerts(pool) }),
    }),
    ...(archive && { archive: createArchiveActivities({ ...archive, pool, write: createWrite('archive', pool) }) }),
    ...(salesforce && { salesforce: salesforceActivities(salesforce, policy, pool) }),
    ...(slack && { slack: slackActivities(slack, policy.protected, pool) }),
    ...(xapi && { xapi: xapiActivities(xapi, pool) }),
  };
}

/** One cheap question to a system, as its connector would ask. @throws `<system>.unavailable` or `<system>.rejected`. */
export type Check = () => Promise<void>;

/** What tells at the worker's start whether each connector's settings are right. A new connector is a line here too. */
export function createChecks({ connectors }: WorkerSettings, pool: Pool): Partial<Record<System, Check>> {
  const { identity, mail, archive, salesforce, slack, xapi } = connectors;
  return {
    ...(identity && { identity: () => checkIdentity(createIdentityDriver(identity, createWrite('identity', pool))) }),
    ...(mail && { mail: () => checkMail(mail) }),
    ...(archive && { archive: () => checkArchive(archive) }),
    ...(salesforce && { salesforce: () => checkSalesforce(salesforce) }),
    ...(slack && { slack: () => checkSlack(slackApis(slack, createWrite('slack', pool))) }),
    ...(xapi && { xapi: () => checkXapi(xapiHttp(xapi, createWrite('xapi', pool))) }),
  };
}

function salesforceActivities(
  settings: NonNullable<WorkerSettings['connectors']['salesforce']>,
  { salesforce: names = DEFAULT_SALESFORCE_NAMES, protected: isProtected }: WorkerSettings['policy'],
  pool: Pool,
): object {
  const write = createWrite('salesforce', pool);
  const api = createSalesforceApi(createSessions(settings), write);
  return createSalesforceActivities({
    api,
    names,
    pool,
    write,
    confirm: createConfirm('salesforce', pool),
    isProtected,
  });
}

function identityActivities(
  settings: NonNullable<WorkerSettings['connectors']['identity']>,
  { protected: isProtected, groups }: WorkerSettings['policy'],
  pool: Pool,
): object {
  return createIdentityActivities({
    driver: createIdentityDriver(settings, createWrite('identity', pool)),
    pool,
    confirm: createConfirm('identity', pool),
    isProtected,
    createsGroups: groups.createMissing,
  });
}

function slackActivities(
  settings: NonNullable<WorkerSettings['connectors']['slack']>,
  isProtected: WorkerSettings['policy']['protected'],
  pool: Pool,
): object {
  const write = createWrite('slack', pool);
  const confirm = createConfirm('slack', pool);
  return createSlackActivities({ ...slackApis(settings, write), pool, write, confirm, isProtected });
}

function slackApis(
  { url, scimUrl, token, scimToken }: NonNullable<WorkerSettings['connectors']['slack']>,
  write: Write,
): SlackApis {
  const api = (baseUrl: string, secret: () => string): Http =>
    createHttp({ system: 'slack', baseUrl, headers: () => ({ authorization: `Bearer ${secret()}` }), write });
  return { web: api(url, token), scim: scimToken && api(scimUrl, scimToken) };
}

function xapiActivities(settings: NonNullable<WorkerSettings['connectors']['xapi']>, pool: Pool): object {
  const write = createWrite('xapi', pool);
  return createXapiActivities({ http: xapiHttp(settings, write), write });
}

function xapiHttp({ url, key, secret }: NonNullable<WorkerSettings['connectors']['xapi']>, write: Write): Http {
  const headers = (): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${key}:${secret()}`).toString('base64')}`,
    'x-experience-api-version': '1.0.3',
  });
  return createHttp({ system: 'xapi', baseUrl: url, headers, write });
}
