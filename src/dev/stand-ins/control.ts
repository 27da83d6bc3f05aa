import { STATUS_CODES } from 'node:http';
import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
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
  if (!LOOPBACK.test(host)) sendProblem(response, 403, 'Host is to be localhost, 127.0.0.1 or [::1]');
  else if (!isReading && origin !== undefined && origin !== `http://${host}`)
    sendProblem(response, 403, 'Origin is to be this page');
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

  router.put('/_faults/:system', ({ params, body }, response) => {
    const system = contexts.find(({ name }) => name === params.system);
    const fault = faultSchema.safeParse(body);
    if (system === undefined)
      sendProblem(response, 404, `No such system; there are: ${contexts.map(({ name }) => name).join(', ')}`);
    else if (!fault.success) sendProblem(response, 400, z.prettifyError(fault.error));
    else {
      system.fault.set(fault.data);
      response.json(system.fault.current());
    }
  });

  router.post('/_reset', (_request, response) => {
    for (const { fault } of contexts) fault.set(HEALTHY);
    store.reset();
    response.sendStatus(204);
  });

  router.use((_request, response) =>
    sendProblem(response, 404, 'There are /, /_state, /_faults, /_faults/<system> and /_reset'),
  );
  const failures: ErrorRequestHandler = (error: Error & { readonly status?: number }, _request, response, next) => {
    const { status = 500 } = error;
    if (status >= 500) log.error({ err: error }, 'the stand-ins failed');
    if (response.headersSent) next(error);
    else sendProblem(response, status, status >= 500 ? 'The stand-ins failed; see their log' : error.message);
  };
  return router.use(failures);
}

/** Answer with `application/problem+json` (RFC 9457). */
function sendProblem(response: Response, status: number, detail: string): void {
  response
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail }));
}
