import type { PoolClient } from 'pg';
import { certificateKey, newsFor, renewedExpiry, type News, type OpenWorkflow, type RenewalRules } from '../domain';
import {
  completionsOf,
  expiriesOf,
  progressOf,
  quizResultsOf,
  type StoredCompletion,
  type StoredExpiry,
} from './facts';
import { departureOf, hireOf, type Departure, type StoredFact } from './learners';
import { waitingOf } from './open-workflows';

/** What one fact means to one waiting workflow. */
export interface Settled {
  readonly workflowId: string;
  readonly news: News;
}

/**
 * What the learner's stored facts mean to `open`, a workflow that has just begun to wait; null when nothing. What ends
 * the case comes before what fulfils it: an old case must not give back what a newer one has withdrawn.
 */
export async function settledBy(
  client: PoolClient,
  userId: string,
  open: OpenWorkflow,
  rules: RenewalRules,
): Promise<News | null> {
  if (open.kind === 'offboarding') {
    const hire = await hireOf(client, userId);
    return hire === null ? null : newsFor(open, hire.fact, hire.eventId, rules);
  }
  const departure = await departureOf(client, userId);
  const expiries = await expiriesOf(client, userId);
  const gone = await goneEvents(client, userId);
  // A newer case that was terminated has not taken the older one over.
  const newer = expiries.filter(({ eventId }) => !gone.has(eventId));
  const ending =
    firstNews(open, [...(departure === null ? [] : [departure]), ...newer], rules) ??
    (await unasked(client, open, departure));
  if (ending !== null) return ending;
  const fitting = (await completionsOf(client, userId)).find((completion) => {
    const news = firstNews(open, [completion], rules);
    return news !== null && (news.signal !== 'recertified' || renewsIt(completion, open, expiries, rules));
  });
  if (fitting !== undefined) {
    const news = firstNews(open, [fitting], rules);
    if (news?.signal === 'recertified') await markRenewed(client, fitting.eventId, open);
    return news;
  }
  return firstNews(open, [...(await quizResultsOf(client, userId)), ...(await progressOf(client, userId))], rules);
}

/** The events of a learner whose workflows are gone. */
async function goneEvents(client: PoolClient, userId: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ event_id: string }>(
    `select event_id from receipts where user_id = $1 and outcome = 'gone'`,
    [userId],
  );
  return new Set(rows.map(({ event_id: eventId }) => eventId));
}

/** A hire that may be older than the departure waits for the offboarding to ask. Once that is over, nothing is granted. */
async function unasked(client: PoolClient, open: OpenWorkflow, departure: Departure | null): Promise<News | null> {
  if (open.kind !== 'onboarding' || departure?.standing !== 'rehireUnconfirmed') return null;
  const waiting = await waitingOf(client, departure.fact.userId);
  if (waiting.some(({ kind }) => kind === 'offboarding')) return null;
  return { signal: 'cancel', eventId: departure.eventId, reason: 'left the company' };
}

function firstNews(open: OpenWorkflow, facts: readonly StoredFact[], rules: RenewalRules): News | null {
  for (const { fact, eventId } of facts) {
    const news = newsFor(open, fact, eventId, rules);
    if (news !== null) return news;
  }
  return null;
}

/** Whether the case's expiry is the one that the completion renews; once it has, it stays so, whatever arrives later. */
function renewsIt(
  { fact, settled }: StoredCompletion,
  { key, openedBy }: OpenWorkflow,
  expiries: readonly StoredExpiry[],
  rules: RenewalRules,
): boolean {
  // A certificate may be called `constructor`.
  if (Object.hasOwn(settled, key) && settled[key] === openedBy) return true;
  const known = expiries.flatMap(({ fact: { certName, at } }) => (certificateKey(certName) === key ? [at] : []));
  return renewedExpiry(fact.at, known, rules) === openedBy;
}

async function markRenewed(client: PoolClient, eventId: string, { key, openedBy }: OpenWorkflow): Promise<void> {
  await client.query(
    `update completions set settled = settled || jsonb_build_object($2::text, $3::bigint) where event_id = $1`,
    [eventId, key, openedBy],
  );
}

/** The waiting workflows of a learner that `fact` (stored before, of event `eventId`) means something to. */
export async function settles(
  client: PoolClient,
  { eventId, fact }: StoredFact,
  ownWorkflowId: string,
  rules: RenewalRules,
): Promise<readonly Settled[]> {
  // Of a learner who may have been hired again nothing is ended before somebody has said.
  if (fact.kind === 'deprovisioned' && (await departureOf(client, fact.userId))?.standing !== 'left') return [];
  const affected = (await waitingOf(client, fact.userId)).flatMap((open) => {
    const news = open.workflowId === ownWorkflowId ? null : newsFor(open, fact, eventId, rules);
    return news === null ? [] : [{ open, news }];
  });
  const renewals = affected.filter(({ news }) => news.signal === 'recertified').map(({ open }) => open);
  const renewed = renewals.length === 0 ? [] : await renew(client, fact.userId, eventId, renewals, rules);
  return affected
    .filter(({ open, news }) => news.signal !== 'recertified' || renewed.includes(open))
    .map(({ open, news }) => ({ workflowId: open.workflowId, news }));
}

/** Of the cases that the completion could renew, those that it does. */
async function renew(
  client: PoolClient,
  userId: string,
  eventId: string,
  cases: readonly OpenWorkflow[],
  rules: RenewalRules,
): Promise<readonly OpenWorkflow[]> {
  const completion = (await completionsOf(client, userId)).find((stored) => stored.eventId === eventId);
  if (completion === undefined) return [];
  const expiries = await expiriesOf(client, userId);
  const renewed = cases.filter((open) => renewsIt(completion, open, expiries, rules));
  for (const open of renewed) await markRenewed(client, eventId, open);
  return renewed;
}
