import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowNotFoundError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import type { StandInsState } from '../../src/dev/stand-ins';
import { isAcknowledged, type StoredWorkflow } from './checker';
import { certificateOf, freezeOf, MAIL_DOMAIN, reportOf } from './deliveries';
import { forEachConcurrently } from './load';
import type { Attempt } from './sender';

const CONCURRENT_REQUESTS = 32;
const PAGE = 1000;

export interface StartedWorkflow extends StoredWorkflow {
  /** Epoch ms. */
  readonly startedAt: number;
}

type Run = Omit<WorkflowExecutionInfo, 'raw'>;

/**
 * Every workflow of the namespace, with the outcome of those that ended. Temporal's list is written later than the
 * workflows themselves: it is asked by id for each acknowledged event that the list does not have.
 */
export async function readWorkflows(client: Client, attempts: readonly Attempt[]): Promise<readonly StartedWorkflow[]> {
  const runs = new Map<string, Run[]>();
  for await (const info of client.workflow.list({ pageSize: PAGE }))
    runs.set(info.workflowId, [...(runs.get(info.workflowId) ?? []), info]);
  const acknowledged = new Set(attempts.filter(isAcknowledged).map(({ eventId }) => eventId));
  for (const eventId of acknowledged) {
    const unlisted = runs.has(eventId) ? undefined : await describeIfKnown(client, eventId);
    if (unlisted !== undefined) runs.set(eventId, [unlisted]);
  }
  const stored: StartedWorkflow[] = [];
  await forEachConcurrently([...runs.values()], CONCURRENT_REQUESTS, async (each) => {
    stored.push(await describe(client, each));
  });
  return stored;
}

async function describeIfKnown(client: Client, workflowId: string): Promise<Run | undefined> {
  try {
    return await client.workflow.getHandle(workflowId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function describe(client: Client, runs: readonly Run[]): Promise<StartedWorkflow> {
  const begun = runs.filter(({ status }) => status.name !== 'CONTINUED_AS_NEW');
  const [latest] = [...begun, ...runs];
  if (latest === undefined) throw new Error('a workflow id without a run');
  const { workflowId, type, status, memo, startTime } = latest;
  const bodyDigest = memo?.['bodyDigest'];
  return {
    workflowId,
    type,
    runs: begun.length,
    startedAt: startTime.getTime(),
    status: status.name,
    outcome: status.name === 'COMPLETED' ? await outcomeOf(client, latest) : null,
    bodyDigest: typeof bodyDigest === 'string' ? bodyDigest : null,
  };
}

async function outcomeOf(client: Client, { workflowId, runId }: Run): Promise<string> {
  const result: unknown = await client.workflow.getHandle(workflowId, runId).result();
  return (result as { outcome: string }).outcome;
}

const ENDS_BY_ITSELF = "ExecutionStatus = 'Running' AND WorkflowType != 'quarantine'";
const POLL_MS = 50;

/** Resolves when every workflow that ends by itself has ended, or after `limitMs`: the checker reports what still runs. */
export async function untilEnded(client: Client, limitMs: number): Promise<void> {
  const giveUpAt = Date.now() + limitMs;
  while (Date.now() < giveUpAt) {
    const { count } = await client.workflow.count(ENDS_BY_ITSELF);
    if (count === 0) return;
    await sleep(POLL_MS);
  }
}

export interface EffectsLedger {
  /** Count what the stand-ins saw, and reset them: call it while nothing is under way. */
  readonly collect: () => Promise<void>;
  readonly counts: () => ReadonlyMap<string, number>;
}

/** The stand-ins keep only their last ten thousand calls, so that they are counted here. */
export function createEffects(standIns: StandInsClient): EffectsLedger {
  const counts = new Map<string, number>();
  return {
    collect: async () => {
      for (const key of effectsIn(await standIns.state())) counts.set(key, (counts.get(key) ?? 0) + 1);
      await standIns.reset();
    },
    counts: () => counts,
  };
}

export interface StandInsClient {
  /** Add these users to the identity provider, as active ones. */
  readonly addUsers: (userIds: readonly string[]) => Promise<void>;
  readonly state: () => Promise<StandInsState>;
  readonly reset: () => Promise<void>;
}

export function connectStandIns(url: string, token: string): StandInsClient {
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the stand-ins answered ${response.status} to ${method} ${path}`);
    return response;
  };
  return {
    addUsers: async (userIds) => {
      await Promise.all(userIds.map((userId) => ask('POST', '/identity/scim/v2/Users', userOf(userId))));
    },
    state: async () => (await (await ask('GET', '/_state')).json()) as StandInsState,
    reset: async () => {
      await ask('POST', '/_reset');
    },
  };
}

function userOf(userId: string): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: `${userId}@${MAIL_DOMAIN}`,
    externalId: userId,
    active: true,
  };
}

const MESSAGES: readonly { readonly begins: string; readonly keyOf: (to: string, rest: string) => string }[] = [
  { begins: 'Your certificate: Course ', keyOf: (to, courseId) => certificateOf(to, courseId) },
  { begins: 'Offboarded: ', keyOf: (_to, userId) => reportOf(userId) },
];

/** What is said of deliveries that wait for a person: about our state, and no effect of an event. */
const NOTICE = /^Quarantined|^\d+ waits? for the same cause/;

/** What the stand-ins saw, by natural key: every message, and every change of a user. */
export function effectsIn({ identity, mail, calls }: StandInsState): readonly string[] {
  const messages = mail.messages.flatMap(({ to, subject, copies }) => {
    if (NOTICE.test(subject)) return [];
    const [recipient = ''] = (to[0] ?? '').split('@');
    const kind = MESSAGES.find(({ begins }) => subject.startsWith(begins));
    const key = kind?.keyOf(recipient, subject.slice(kind.begins.length)) ?? `message to ${recipient}: ${subject}`;
    return Array.from({ length: copies }, () => key);
  });
  const nameOf = new Map(identity.users.map(({ id, externalId, userName }) => [id, externalId ?? userName]));
  const changes = calls
    .filter(
      ({ system, method, status }) => system === 'identity' && method === 'PATCH' && status >= 200 && status < 300,
    )
    .map(({ path }) => /\/Users\/([^/?]+)/.exec(path)?.[1] ?? path)
    .map((id) => freezeOf(nameOf.get(id) ?? id));
  return [...messages, ...changes];
}
