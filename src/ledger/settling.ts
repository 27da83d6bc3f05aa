import type { Pool, PoolClient } from 'pg';
import {
  certificateKey,
  newsFor,
  renewedExpiry,
  type Fact,
  type News,
  type OpenWorkflow,
  type RenewalRules,
  type WaitingKind,
} from '../domain';
import {
  completionsOf,
  expiriesOf,
  progressOf,
  quizResultsOf,
  type StoredCompletion,
  type StoredExpiry,
} from './facts';
import { departureOf, hireOf, type Departure, type StoredFact } from './learners';
import { lockLearner } from './lock';
import { inTransaction } from './pool';

/** What one fact means to one waiting workflow. */
export interface Settled {
  readonly workflowId: string;
  readonly news: News;
}

/**
 * What the learner's stored facts mean to `open`, a workflow that has just begun to wait; null when nothing. What ends
 * the case for good comes before what fulfils it: an old case must not give back what a newer one has taken.
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
  const ending =
    firstNews(open, [...(departure === null ? [] : [departure]), ...expiries], rules) ??
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

/** A hire that may be older than the departure waits for the offboarding to ask. Once that is over, nothing is granted. */
async function unasked(client: PoolClient, open: OpenWorkflow, departure: Departure | null): Promise<News | null> {
  if (open.kind !== 'onboarding' || departure?.standing !== 'rehired?') return null;
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

/** Whether the case's expiry is the one that the completion renews; once it has, it is, whatever is heard of later. */
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
  const heard = (await waitingOf(client, fact.userId)).flatMap((open) => {
    const news = open.workflowId === ownWorkflowId ? null : newsFor(open, fact, eventId, rules);
    return news === null ? [] : [{ open, news }];
  });
  const renewals = heard.filter(({ news }) => news.signal === 'recertified').map(({ open }) => open);
  const renewed = renewals.length === 0 ? [] : await renew(client, fact.userId, eventId, renewals, rules);
  return heard
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

/** A learner's workflows that wait, oldest first. */
async function waitingOf(client: PoolClient, userId: string): Promise<readonly OpenWorkflow[]> {
  const { rows } = await client.query<{ workflow_id: string; kind: WaitingKind; key: string; opened_by: Date }>(
    `select workflow_id, kind, key, opened_by from open_workflows
     where user_id = $1 and closed_at is null and not gone order by opened_at, workflow_id`,
    [userId],
  );
  return rows.map(({ workflow_id: workflowId, kind, key, opened_by: openedBy }) => ({
    workflowId,
    kind,
    key,
    openedBy: openedBy.getTime(),
  }));
}

/** Write down that `workflowId` waits. Its own run says so again: it runs, so it is open, whatever the row said since. */
export async function openCase(client: PoolClient, fact: Fact, open: OpenWorkflow): Promise<void> {
  await client.query(
    `insert into open_workflows (workflow_id, user_id, kind, key, opened_by) values ($1, $2, $3, $4, $5)
     on conflict (workflow_id) do update set closed_at = null, gone = false, let_go = false`,
    [open.workflowId, fact.userId, open.kind, open.key, new Date(open.openedBy)],
  );
}

/**
 * The offboarding of the learner that a departure (at `at`) joins: one that runs, that nobody has taken back, that works
 * as soon as this departure wants it, and that no hire in between has put in question. From then on it stands for the
 * later of the two.
 */
export async function joinOffboarding(
  client: PoolClient,
  { userId, at }: Fact & { kind: 'deprovisioned' },
  ownWorkflowId: string,
): Promise<string | null> {
  const { rows } = await client.query<{ workflow_id: string }>(
    `update open_workflows set opened_by = greatest(opened_by, $3)
     where workflow_id = (
       select o.workflow_id from open_workflows o left join learners l on l.user_id = o.user_id
       where o.user_id = $1 and o.kind = 'offboarding' and o.workflow_id <> $2 and o.closed_at is null and not o.gone
         and (o.opened_by = $3 or greatest(o.opened_by, $3) <= now())
         and (o.opened_by >= $3 or l.provisioned_at is null or l.provisioned_at <= o.opened_by)
         and not exists (
           select from receipts r join departures d on d.event_id = r.event_id
           where r.workflow_id = o.workflow_id and d.withdrawn_by is not null)
       order by o.opened_at, o.workflow_id limit 1)
     returning workflow_id`,
    [userId, ownWorkflowId, new Date(at)],
  );
  return rows[0]?.workflow_id ?? null;
}

/** The offboarding goes on although its learner was hired at `at`: from now on they left after that. */
export async function confirmDeparture(
  pool: Pool,
  { userId, eventId, workflowId, at }: { userId: string; eventId: string; workflowId: string; at: number },
): Promise<void> {
  await inTransaction(pool, async (client) => {
    await lockLearner(client, userId);
    const hiredAt = new Date(at);
    await client.query('update departures set at = greatest(at, $2) where event_id = $1', [eventId, hiredAt]);
    await client.query('update open_workflows set opened_by = greatest(opened_by, $2) where workflow_id = $1', [
      workflowId,
      hiredAt,
    ]);
  });
}
