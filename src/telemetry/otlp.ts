import { trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ClientInterceptors } from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client';
import { OpenTelemetryActivityInboundInterceptor } from '@temporalio/interceptors-opentelemetry/lib/worker';
import type { WorkerInterceptors } from '@temporalio/worker';

export interface Tracing {
  readonly isOn: boolean;
  /** What starts a workflow hands the trace on in Temporal's headers. */
  readonly clientInterceptors: ClientInterceptors;
  /** What an activity does belongs to the trace that came with its workflow. */
  readonly activityInterceptors: NonNullable<WorkerInterceptors['activity']>;
  /** Send what is waiting, within a bound, and stop. */
  readonly close: () => Promise<void>;
}

/** A collector that is silent holds up no process that stops. */
const EXPORT_LIMIT_MS = 5000;

/** For this whole process, to the collector at `endpoint`. */
export function startExport(process: string, endpoint: string): Tracing {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: EXPORT_LIMIT_MS });
  const batch = new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_LIMIT_MS });
  const provider = new BasicTracerProvider({
    resource: new Resource({ 'service.name': `mindtickle-${process}` }),
    spanProcessors: [withoutWords, batch],
  });
  provider.register({
    contextManager: new AsyncLocalStorageContextManager().enable(),
    // Without baggage: what others hand along stays with them.
    propagator: new W3CTraceContextPropagator(),
  });
  return {
    isOn: true,
    clientInterceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] },
    activityInterceptors: [(context) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(context) })],
    close: async () => {
      await provider.shutdown().catch(() => undefined);
      trace.disable();
    },
  };
}

/** The SDK's interceptors keep what an error says, and where it came from: that may name somebody. */
const withoutWords: SpanProcessor = {
  onStart: () => undefined,
  onEnd: ({ events, status }) => {
    events.length = 0;
    delete status.message;
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
