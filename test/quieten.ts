import { DefaultLogger, Runtime } from '@temporalio/worker';

let isQuiet = false;

/**
 * What fails in a test fails on purpose: only errors of the worker itself are worth a line. Before any other use of the SDK;
 * a second time changes nothing.
 */
export function quieten(): void {
  if (isQuiet) return;
  isQuiet = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}
