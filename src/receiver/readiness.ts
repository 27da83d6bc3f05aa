import { isGrpcServiceError, type Client } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import { retentionGaps, searchAttributes, SECOND } from '../domain';
import type { ReceiverSettings } from '../settings';
import { summariseSpool, type Spool, type SpoolStatus, type SpoolSummary } from './spool';
import { withTimeout } from '../with-timeout';

/** `ready`: Temporal or the spool takes events. The body of `/readyz`, when it is. */
export type Readiness =
  | {
      readonly ready: true;
      /** `ok`, or why Temporal takes nothing now: the spool does. */
      readonly temporal: string;
      /** Null: there is none. */
      readonly spool: SpoolSummary | null;
      /** What is wrong without stopping anything: a settings file that cannot be read again. */
      readonly warnings: readonly string[];
    }
  | { readonly ready: false; readonly reason: string; readonly spool: SpoolSummary | null };

export interface ReadinessOptions {
  readonly client: () => Client | undefined;
  readonly spool: Spool | undefined;
  /** The gaps that a namespace with this retention (ms) leaves in the memory of what was received. */
  readonly retentionGaps: (retentionMs: number | undefined) => readonly string[];
  readonly warnings: () => readonly string[];
  /** Epoch ms. */
  readonly now: () => number;
}

const CHECK_LIMIT_MS = 2000;
/** Anyone may ask, and must not pass each question on to Temporal. */
const KEPT_MS = 1000;

/** `gap`: it would take events, and forget them too soon. */
type TemporalState = { readonly is: 'ok' } | { readonly is: 'away' | 'gap'; readonly reason: string };

/** Whether events are taken now. Temporal is asked at most once a second. Never rejects. */
export function createReadiness(options: ReadinessOptions): () => Promise<Readiness> {
  const { client, spool, warnings, now } = options;
  let asked: { readonly at: number; readonly answer: Promise<TemporalState> } | undefined;
  return async () => {
    if (asked === undefined || now() - asked.at >= KEPT_MS || now() < asked.at)
      asked = { at: now(), answer: check(client(), options.retentionGaps) };
    const temporal = await asked.answer;
    const status = spool?.status();
    const summary = status === undefined ? null : summariseSpool(status, now());
    if (temporal.is === 'gap') return { ready: false, reason: temporal.reason, spool: summary };
    const spoolFault = faultOf(status);
    if (temporal.is === 'away' && spoolFault !== undefined)
      return { ready: false, reason: `${temporal.reason} ${spoolFault}`, spool: summary };
    return {
      ready: true,
      temporal: temporal.is === 'ok' ? 'ok' : temporal.reason,
      spool: summary,
      warnings: warnings(),
    };
  };
}

const REFUSING = {
  full: 'The spool is full (SPOOL_MAX_BYTES).',
  disk: "The spool's disk is full, or fails.",
} as const;

/** Why no spool takes what Temporal does not. */
function faultOf(status: SpoolStatus | undefined): string | undefined {
  if (status === undefined) return 'There is no spool (SPOOL=off).';
  return status.refusing && REFUSING[status.refusing];
}

async function check(client: Client | undefined, gapsWith: ReadinessOptions['retentionGaps']): Promise<TemporalState> {
  if (client === undefined) return { is: 'away', reason: 'Temporal has not been reached yet.' };
  try {
    const answer = await withTimeout(ask(client, gapsWith), CHECK_LIMIT_MS);
    return answer === 'timeout' ? { is: 'away', reason: 'Temporal does not answer.' } : answer;
  } catch (error) {
    return { is: 'away', reason: explain(error) };
  }
}

async function ask(client: Client, gapsWith: ReadinessOptions['retentionGaps']): Promise<TemporalState> {
  const namespace = client.options.namespace;
  return client.withDeadline(Date.now() + CHECK_LIMIT_MS, async () => {
    const { config } = await client.workflowService.describeNamespace({ namespace });
    const [gap] = gapsWith(optionalTsToMs(config?.workflowExecutionRetentionTtl));
    if (gap !== undefined) return { is: 'gap', reason: gap };
    const missing = await missingSearchAttributes(client, namespace);
    if (missing.length === 0) return { is: 'ok' };
    const reason = `Search attributes are not registered: ${missing.join(', ')}. Run \`mt setup\`.`;
    return { is: 'away', reason };
  });
}

/** A start that names an unregistered one is refused. Not every Temporal lets us list them: then nothing is missing. */
async function missingSearchAttributes(client: Client, namespace: string): Promise<readonly string[]> {
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    return Object.values(searchAttributes)
      .map(({ name }) => name)
      .filter((name) => !Object.hasOwn(customAttributes, name));
  } catch {
    return [];
  }
}

/**
 * What readiness asks of the namespace: the sentences that say how an event could run twice with this retention (ms), and
 * how to close each gap. What the settings alone leave open, `receiverSettings` refuses before.
 */
export function namespaceRetentionGaps(
  { delivery, receiptDays }: Pick<ReceiverSettings, 'delivery' | 'receiptDays'>,
  namespace: string,
): ReadinessOptions['retentionGaps'] {
  const windowBackMs = delivery.windowBackSeconds * SECOND;
  const windowAheadMs = delivery.windowAheadSeconds * SECOND;
  return (retentionMs) => retentionGaps({ windowBackMs, windowAheadMs, receiptDays, retentionMs, namespace });
}

/** By gRPC status code (https://grpc.io/docs/guides/status-codes/). Never the error's own words: they hold addresses. */
function explain(error: unknown): string {
  const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
  switch (code) {
    case 5:
      return 'The Temporal namespace does not exist.';
    case 7:
    case 16:
      return 'Temporal refuses our credentials.';
    default:
      return 'Temporal cannot be reached.';
  }
}
