import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import type { Logger } from '../../telemetry';
import { control, notFound, problems } from './control';
import { createFaults } from './faults';
import { guard } from './guard';
import type { StandIn, World } from './stand-in';
import { openStore } from './store';
import { createSystems } from './systems';

export type { StandInsState } from './systems';

export interface StandInsOptions {
  /** 3002 when absent, 0: any free one. */
  readonly port?: number;
  /** Any free one when absent or 0; fix it for an address that is the same after a restart. */
  readonly smtpPort?: number | undefined;
  /** The bearer token of the HTTP systems. */
  readonly token: string;
  /** PEM of the public key that Salesforce's JWT bearer is checked by; absent: none is taken. */
  readonly signInKey?: string | undefined;
  readonly log: Logger;
  /** Keeps what the systems hold, and the calls, over a restart; absent: nothing is kept. */
  readonly stateFile?: string | undefined;
  readonly now?: () => Date;
  /** How a slow system passes its time, in ms; a test has a quicker way. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

export interface StandIns {
  /** `http://127.0.0.1:<port>`: the page. SCIM is at `/identity/scim/v2` under it, Okta at `/identity/okta`. */
  readonly url: string;
  readonly smtpUrl: string;
  readonly port: number;
  /** Ends every connection and saves. */
  readonly stop: () => Promise<void>;
}

/**
 * Start the stand-ins of every system, on loopback alone. Resolves once both ports listen.
 * @throws when a port is taken (`EADDRINUSE`) or the state file may not be read, with nothing left running.
 */
export async function startStandIns(options: StandInsOptions): Promise<StandIns> {
  const stopping = new AbortController();
  const now = options.now ?? (() => new Date());
  const world: World = {
    token: options.token,
    signInKey: options.signInKey,
    log: options.log,
    now,
    store: openStore({ file: options.stateFile, log: options.log, now }),
    faults: createFaults(),
    wait: options.wait ?? ((ms) => sleep(ms, undefined, { signal: stopping.signal })),
  };
  const systems = createSystems(world);
  const addresses: Record<string, string> = {};
  const http = createServer(application(world, systems, addresses));

  const stop = async (): Promise<void> => {
    stopping.abort();
    http.closeAllConnections();
    await Promise.all([new Promise((resolve) => http.close(resolve)), systems.mail.stop()]);
    world.store.close();
  };
  try {
    addresses['mail'] = await systems.mail.listen(options.smtpPort ?? 0);
    http.listen(options.port ?? 3002, '127.0.0.1');
    await once(http, 'listening');
  } catch (error) {
    await stop();
    throw error;
  }
  const { port } = http.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  addresses['identity'] = `${url}/identity/scim/v2`;
  addresses['salesforce'] = `${url}/salesforce`;
  addresses['slack'] = `${url}/slack/api`;
  addresses['xapi'] = `${url}/xapi`;
  return { url, smtpUrl: addresses['mail'], port, stop };
}

function application(
  world: World,
  systems: Readonly<Record<string, StandIn>>,
  addresses: Readonly<Record<string, string>>,
): express.Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(guard);
  for (const [name, { router }] of Object.entries(systems)) {
    if (router !== undefined) app.use(`/${name}`, router);
  }
  app.use(control({ world, systems, addresses: () => addresses }));
  app.use(notFound, problems(world));
  return app;
}
