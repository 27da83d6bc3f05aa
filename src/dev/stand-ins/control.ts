import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { z } from 'zod';
import { sendProblem } from '../../http';
import type { Logger } from '../../telemetry';
import { faultSchema, HEALTHY } from './faults';
import { sendPage } from './page';
import type { Store } from './store';
import type { RunningSystem } from './system';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses with 403 what a web page elsewhere could make a browser send here: a name of its own that resolves to
 * loopback (DNS rebinding) shows in `Host`, a request across origins in `Origin`.
 */
export const guard: RequestHandler = (request, response, next) => {
  const { host = '', origin } = request.headers;
  const isReading = ['GET', 'HEAD'].includes(request.method);
  if (!LOOPBACK.test(host))
    sendProblem(request, response, { status: 403, detail: 'Host is to be localhost, 127.0.0.1 or [::1]' });
  else if (!isReading && origin !== undefined && origin !== `http://${host}`)
    sendProblem(request, response, { status: 403, detail: 'Origin is to be this page' });
  else next();
};

interface ControlOptions {
  readonly systems: readonly RunningSystem[];
  /** By system: where its connector is pointed to. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly store: Store;
  readonly log: Logger;
}

/** The stand-ins' own paths: the page `/`, `/_state`, `/_faults` and `/_reset`. */
export function control({ systems, addresses, store, log }: ControlOptions): express.Router {
  const router = express.Router();
  const contexts = systems.map(({ context }) => context);
  const byName = <T>(valueOf: (system: RunningSystem) => T): Record<string, T> =>
    Object.fromEntries(systems.map((system) => [system.context.name, valueOf(system)]));
  router.use(['/_faults', '/_reset', '/_state'], express.json({ type: () => true }));

  router.get('/', (_request, response) => sendPage(response, { systems, addresses, calls: store.calls() }));

  router.get('/_state', ({ query }, response) => {
    // The page asks for the last few calls alone.
    const last = z.coerce.number().int().positive().safeParse(query['calls']).data;
    const calls = last === undefined ? store.calls() : store.calls().slice(-last);
    response.json({ ...byName(({ standIn }) => standIn.state()), calls });
  });

  router.get('/_faults', (_request, response) => void response.json(byName(({ context }) => context.fault.current())));

  router.put('/_faults/:system', (request, response) => {
    const system = contexts.find(({ name }) => name === request.params.system);
    const fault = faultSchema.safeParse(request.body);
    if (system === undefined) {
      const names = contexts.map(({ name }) => name).join(', ');
      sendProblem(request, response, { status: 404, detail: `No such system; there are: ${names}` });
    } else if (!fault.success) {
      sendProblem(request, response, { status: 400, detail: z.prettifyError(fault.error) });
    } else {
      system.fault.set(fault.data);
      response.json(system.fault.current());
    }
  });

  router.post('/_reset', (_request, response) => {
    for (const { fault } of contexts) fault.set(HEALTHY);
    store.reset();
    response.sendStatus(204);
  });

  router.use((request, response) => {
    const detail = 'There are /, /_state, /_faults, /_faults/<system> and /_reset';
    sendProblem(request, response, { status: 404, detail });
  });
  const failures: ErrorRequestHandler = (error: Error & { readonly status?: number }, request, response, next) => {
    const { status = 500, message } = error;
    if (status >= 500) log.error({ err: error }, 'the stand-ins failed');
    const detail = status >= 500 ? 'The stand-ins failed; see their log' : message;
    if (response.headersSent) next(error);
    else sendProblem(request, response, { status, detail });
  };
  return router.use(failures);
}
