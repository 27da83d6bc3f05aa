/** What is asked of Temporal about workflows: each call within a bounded time. */
import { isGrpcServiceError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import {
  decodeMapFromPayloads,
  decodeArrayFromPayloads,
} from '@temporalio/common/lib/internal-non-workflow/codec-helpers';
import { decodeSearchAttributes } from '@temporalio/common/lib/converter/payload-search-attributes';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { SECOND } from '../../domain';
import type { CaseStatus } from '../case';
import { stateQuery, type ProcessState } from '../../../workflows/messages';

const CALL_LIMIT_MS = 5 * SECOND;

/** A page of hundreds is not read for longer; a state is one workflow task. */
const STATE_LIMIT_MS = 2 * SECOND;

/** A workflow as visibility, or `describe`, gives it. */
export interface Listed {
  readonly workflowId: string;
  readonly runId: string;
  readonly workflowType: string;
  readonly status: CaseStatus;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly closedAt: number | null;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly memo: Readonly<Record<string, unknown>>;
}

export interface Page {
  readonly listed: readonly Listed[];
  /** Empty: the last one. */
  readonly token: Uint8Array;
}

export type StateAnswer = { readonly state: ProcessState } | { readonly problem: 'noWorker' | 'notFound' | 'unknown' };

/** One connected Temporal. */
export interface Temporal {
  readonly client: Client;
  readonly namespace: string;
  readonly within: <T>(limitMs: number, call: () => Promise<T>) => Promise<T>;
  /** `token`: of the page before. */
  readonly list: (query: string, pageSize: number, token?: Uint8Array) => Promise<Page>;
  readonly count: (query: string) => Promise<number>;
  /** Its latest run; null: Temporal does not know it. */
  readonly describe: (workflowId: string) => Promise<Listed | null>;
  readonly state: (workflowId: string) => Promise<StateAnswer>;
  /** What its run began with: the delivery, and the body as it came. */
  readonly argumentsOf: (run: Pick<Listed, 'workflowId' | 'runId'>) => Promise<readonly unknown[]>;
}

type Service = Client['workflowService'];
type RawInfo = Awaited<ReturnType<Service['listWorkflowExecutions']>>['executions'][number];

export function createTemporal(client: Client): Temporal {
  const { namespace, loadedDataConverter: converter } = client.options;
  const service = client.workflowService;
  const within: Temporal['within'] = (limitMs, call) => client.connection.withDeadline(Date.now() + limitMs, call);
  const memoOf: MemoOf = (fields, workflowId) =>
    // A memo that was encrypted with a key that we have not must not hide the case.
    decodeMapFromPayloads(converter, fields, { type: 'workflow', namespace, workflowId }).catch(() => undefined);

  return {
    client,
    namespace,
    within,

    async list(query, pageSize, nextPageToken = NO_TOKEN) {
      const answer = await within(CALL_LIMIT_MS, () =>
        service.listWorkflowExecutions({ namespace, query, pageSize, nextPageToken }),
      );
      const listed = await Promise.all(answer.executions.map((raw) => read(raw, memoOf)));
      return { listed, token: answer.nextPageToken };
    },

    async count(query) {
      const { count } = await within(CALL_LIMIT_MS, () => service.countWorkflowExecutions({ namespace, query }));
      return Number(count);
    },

    async describe(workflowId) {
      try {
        const answer = await within(CALL_LIMIT_MS, () =>
          service.describeWorkflowExecution({ namespace, execution: { workflowId } }),
        );
        return answer.workflowExecutionInfo ? await read(answer.workflowExecutionInfo, memoOf) : null;
      } catch (error) {
        if (codeOf(error) === NOT_FOUND || error instanceof WorkflowNotFoundError) return null;
        throw error;
      }
    },

    async state(workflowId) {
      try {
        const state = await within(STATE_LIMIT_MS, () => client.workflow.getHandle(workflowId).query(stateQuery));
        return { state };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { problem: 'notFound' };
        if (isNoAnswer(error)) return { problem: 'noWorker' };
        if (codeOf(error) === undefined) throw error;
        return { problem: 'unknown' };
      }
    },

    async argumentsOf({ workflowId, runId }) {
      const execution = { workflowId, runId };
      const { history } = await within(CALL_LIMIT_MS, () =>
        service.getWorkflowExecutionHistory({ namespace, execution, maximumPageSize: 1 }),
      );
      const payloads = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads;
      return decodeArrayFromPayloads(converter, payloads, { type: 'workflow', namespace, workflowId });
    },
  };
}

const NO_TOKEN = new Uint8Array();

type MemoOf = (
  fields: NonNullable<RawInfo['memo']>['fields'],
  workflowId: string,
) => Promise<Record<string, unknown> | undefined>;

async function read(raw: RawInfo, memoOf: MemoOf): Promise<Listed> {
  const { workflowId, runId } = { workflowId: '', runId: '', ...present(raw.execution) };
  return {
    workflowId,
    runId,
    workflowType: raw.type?.name ?? '',
    status: STATUSES[raw.status ?? 0] ?? 'running',
    startedAt: optionalTsToMs(raw.startTime) ?? 0,
    closedAt: optionalTsToMs(raw.closeTime) ?? null,
    attributes: decodeSearchAttributes(raw.searchAttributes?.indexedFields),
    memo: (await memoOf(raw.memo?.fields, workflowId)) ?? {},
  };
}

function present(execution: RawInfo['execution']): { readonly workflowId?: string; readonly runId?: string } {
  const { workflowId, runId } = execution ?? {};
  return { ...(workflowId && { workflowId }), ...(runId && { runId }) };
}

/** By the numbers of `temporal.api.enums.v1.WorkflowExecutionStatus`. */
const STATUSES: Readonly<Record<number, CaseStatus>> = {
  1: 'running',
  2: 'completed',
  3: 'failed',
  4: 'cancelled',
  5: 'terminated',
  6: 'continuedAsNew',
  7: 'timedOut',
};

/** Of gRPC's status codes. */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const UNAVAILABLE = 14;

/** The deadline passed: the native connection reports it as cancelled. */
export function isNoAnswer(error: unknown): boolean {
  const code = codeOf(error);
  return code === CANCELLED || code === DEADLINE_EXCEEDED;
}

/** Temporal cannot be reached, or does not answer. */
export function isAway(error: unknown): boolean {
  return isNoAnswer(error) || codeOf(error) === UNAVAILABLE;
}

export function codeOf(error: unknown): number | undefined {
  for (let each = error; each instanceof Error; each = each.cause) if (isGrpcServiceError(each)) return each.code;
  return undefined;
}
