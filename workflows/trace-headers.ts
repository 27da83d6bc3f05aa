/**
 * Where traces are on, the worker loads this into the workflows: what came with the start goes on to every activity, and to
 * the next run. Nothing else of OpenTelemetry is loaded here. Its own workflow interceptor makes a span that would be open as
 * long as the workflow, for a year perhaps, puts the memo into it, and waits a moment more before some commands, so that
 * switching it on could reorder those of a workflow that runs. This one only adds a header.
 */
import type { Headers, WorkflowInterceptors } from '@temporalio/workflow';

/** Of `@temporalio/interceptors-opentelemetry`. */
const TRACE = '_tracer-data';

export const interceptors = (): WorkflowInterceptors => {
  let trace: Headers = {};
  const withTrace = <I extends { readonly headers: Headers }>(input: I): I => ({
    ...input,
    headers: { ...input.headers, ...trace },
  });
  return {
    inbound: [
      {
        execute: (input, next) => {
          const { [TRACE]: came } = input.headers;
          if (came !== undefined) trace = { [TRACE]: came };
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(withTrace(input)),
        scheduleLocalActivity: (input, next) => next(withTrace(input)),
        continueAsNew: (input, next) => next(withTrace(input)),
      },
    ],
  };
};
