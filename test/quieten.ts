import { DefaultLogger, Runtime } from '@temporalio/worker';

/** What fails in a test fails on purpose: only errors of the worker itself are worth a line. Before any other use of the SDK. */
export function quieten(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
