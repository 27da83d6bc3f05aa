import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { ApplicationFailure, asyncLocalStorage } from '@temporalio/activity';
import { CancelledFailure, type MetricMeter } from '@temporalio/common';
import type { System } from '../src/domain';
import { statusOf } from './failure';

type Outcome = 'ok' | 'unavailable' | 'credentialsRefused' | 'rejected' | 'cancelled' | 'failed';

const CALLS = 'mindtickle_connector_calls';
const DURATION = 'mindtickle_connector_call';

/** As Prometheus has them. */
export const connectorMetrics = [`${CALLS}_total`, `${DURATION}_seconds`] as const;

/**
 * Run one call to a system: it is counted in the worker's metrics by its outcome, timed, and a span of the trace where
 * traces are on. Neither has an id, a name, an address or a path. `verb`: HTTP's method, or SEND, READ, WRITE.
 * @throws what `call` throws.
 */
export async function observeCall<T>(system: System, verb: string, call: () => Promise<T>): Promise<T> {
  const begunAt = performance.now();
  const meter = asyncLocalStorage.getStore()?.metricMeter;
  return trace
    .getTracer('mindtickle')
    .startActiveSpan(`${system} ${verb}`, { kind: SpanKind.CLIENT, attributes: { system, verb } }, async (span) => {
      let outcome: Outcome = 'ok';
      try {
        return await call();
      } catch (error) {
        outcome = outcomeOf(error);
        throw error;
      } finally {
        count(meter, { system, verb, outcome }, (performance.now() - begunAt) / 1000);
        end(span, outcome);
      }
    });
}

/** A check at the worker's start is no activity: it has no meter, and is not counted. */
function count(
  meter: MetricMeter | undefined,
  { outcome, ...of }: { readonly system: System; readonly verb: string; readonly outcome: Outcome },
  seconds: number,
): void {
  meter?.createCounter(CALLS, 'calls', 'Calls to other systems').add(1, { ...of, outcome });
  meter?.createHistogram(DURATION, 'float', 'seconds', 'Duration of calls to other systems').record(seconds, of);
}

function end(span: Span, outcome: Outcome): void {
  span.setAttribute('outcome', outcome);
  if (outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
  span.end();
}

/** In the words of a case's cause. */
function outcomeOf(error: unknown): Outcome {
  if (error instanceof CancelledFailure) return 'cancelled';
  if (!(error instanceof ApplicationFailure)) return 'failed';
  const status = statusOf(error);
  if (error.nonRetryable !== true) return 'unavailable';
  return status === 401 || status === 403 ? 'credentialsRefused' : 'rejected';
}
