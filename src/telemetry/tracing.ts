import { SpanKind, trace } from '@opentelemetry/api';
import type { startExport as StartExport, Tracing } from './otlp';

/** No traces. */
const OFF: Tracing = {
  isOn: false,
  clientInterceptors: {},
  activityInterceptors: [],
  close: () => Promise.resolve(),
};

/**
 * Send the traces of this process to the collector at `endpoint` (OTLP over HTTP). Without one OpenTelemetry is not loaded, and
 * every span is nothing. `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER` and their like are read by OpenTelemetry itself.
 */
export function startTracing(process: string, endpoint: string | undefined): Tracing {
  if (endpoint === undefined) return OFF;
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- `import()` of a file of ours is none in CommonJS.
  const { startExport } = require('./otlp') as { readonly startExport: typeof StartExport };
  return startExport(process, endpoint);
}

/** Run `work` as the first span of a trace; `outcomeOf` is what the span says of its result. */
export async function inSpan<T>(name: string, work: () => Promise<T>, outcomeOf: (result: T) => string): Promise<T> {
  return trace.getTracer('mindtickle').startActiveSpan(name, { kind: SpanKind.SERVER }, async (span) => {
    try {
      const result = await work();
      span.setAttribute('outcome', outcomeOf(result));
      return result;
    } finally {
      span.end();
    }
  });
}
