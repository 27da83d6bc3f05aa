import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { z } from 'zod';
import { allowedFaults, faultSchema } from './faults';
import { sendPage } from './page';
import { sendProblem } from './problem';
import type { StandIn, World } from './stand-in';
import { emptyState } from './systems';

interface ControlOptions {
  readonly world: World;
  readonly systems: Readonly<Record<string, StandIn>>;
  /** Where clients of each system are pointed to, for the page. */
  readonly addresses: () => Readonly<Record<string, string>>;
}

/** The stand-ins' own paths: the page `/`, `/_state`, `/_faults` and `/_reset`. */
export function control({ world, systems, addresses }: ControlOptions): express.Router {
  const { store, faults } = world;
  const names = Object.keys(systems);
  const router = express.Router();
  router.use(['/_faults', '/_reset', '/_state'], express.json({ type: () => true }));

  router.get('/', (_request, response) => sendPage(response, { systems, addresses: addresses(), store, faults }));

  router.get('/_state', ({ query }, response) => {
    const held = Object.fromEntries(Object.entries(systems).map(([name, system]) => [name, system.state()]));
    // The page asks for the last few calls alone.
    const last = z.coerce.number().int().positive().safeParse(query['calls']).data;
    const calls = last === undefined ? store.calls() : store.calls().slice(-last);
    response.json({ ...emptyState, ...held, calls });
  });

  router.get('/_faults', (_request, response) => {
    response.json(Object.fromEntries(names.map((name) => [name, faults.current(name)])));
  });

  router.put('/_faults/:system', (request, response) => {
    const { system } = request.params;
    if (!names.includes(system)) {
      sendProblem(response, 404, `No such system; there are: ${names.join(', ')}`);
      return;
    }
    const fault = faultSchema.safeParse(request.body);
    if (!fault.success) {
      sendProblem(response, 400, allowedFaults);
      return;
    }
    faults.set(system, fault.data);
    response.json(faults.current(system));
  });

  router.post('/_reset', (_request, response) => {
    faults.clear();
    store.reset();
    response.sendStatus(204);
  });
  return router;
}

export const notFound: RequestHandler = (_request, response) => {
  sendProblem(response, 404, 'There are /, /_state, /_faults, /_faults/<system> and /_reset');
};

/** A body that cannot be read is the caller's fault; anything else is ours. */
export function problems({ log }: World): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error.status ?? 500;
    if (status >= 500) log.error({ err: error }, 'the stand-ins failed');
    sendProblem(response, status, status >= 500 ? 'The stand-ins failed; see their log' : allowedFaults);
  };
}
