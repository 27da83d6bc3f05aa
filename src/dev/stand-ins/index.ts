import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import type { System as ConnectedSystem } from '../../domain';
import { createApp } from '../../http';
import type { Logger } from '../../telemetry';
import { control, guard } from './control';
import { createFaultSwitch } from './faults';
import { identity } from './identity';
import { mail } from './mail';
import { mindtickle } from './mindtickle';
import { serve } from './protocol';
import { salesforce } from './salesforce';
import { slack } from './slack';
import { openStore, type Call, type Store } from './store';
import type { RunningSystem, System, SystemContext } from './system';
import { xapi } from './xapi';

export type { JournalLine, MindtickleSettings } from './mindtickle';

/** Every stand-in, by its system. A new one is a file or a folder, and a line here. The archive is a folder in `mt dev`. */
const systems = { mindtickle, identity, mail, salesforce, slack, xapi } satisfies Record<
  Exclude<ConnectedSystem, 'archive'> | 'mindtickle',
  System
>;

/** `GET /_state`. */
export type StandInsState = {
  readonly [Name in keyof typeof systems]: ReturnType<ReturnType<(typeof systems)[Name]>['state']>;
} & {
  /** Every protocol call, oldest first; mail's are `SEND`, with the Message-ID as their path. */
  readonly calls: readonly Call[];
};

export interface StandInsOptions {
  /** 3002 when absent, 0: any free one. */
  readonly port?: number;
  /** Any free one when absent or 0; fix it for an address that is the same after a restart. */
  readonly smtpPort?: number | undefined;
  /** The bearer token of the HTTP systems. */
  readonly token: string;
  /** PEM of the public key that Salesforce's JWT bearer is checked by; absent: none is accepted. */
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
  const { port: httpPort = 3002, smtpPort = 0, log, now = () => new Date() } = options;
  const stopping = new AbortController();
  const wait = options.wait ?? ((ms) => sleep(ms, undefined, { signal: stopping.signal }));
  const store = openStore({ file: options.stateFile, log, now });
  const addresses = new Map<string, string>();
  const running = openSystems({ ...options, now, wait }, store);
  const http = createServer(application(running, addresses, store, log));

  const stop = async (): Promise<void> => {
    stopping.abort();
    http.closeAllConnections();
    const others = running.map(async ({ standIn }) => 'stop' in standIn && standIn.stop());
    await Promise.all([new Promise((resolve) => http.close(resolve)), ...others]);
    store.close();
  };
  try {
    http.listen(httpPort, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    for (const { context, standIn } of running) {
      const isHttp = 'protocols' in standIn;
      const address = isHttp ? `${url}/${context.name}${standIn.clientPath}` : await standIn.listen(smtpPort);
      addresses.set(context.name, address);
    }
    return { url, smtpUrl: addresses.get('mail') ?? '', port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function openSystems(
  shared: Pick<SystemContext, 'token' | 'signInKey' | 'log' | 'now' | 'wait'>,
  store: Store,
): readonly RunningSystem[] {
  return Object.entries<System>(systems).map(([name, open]) => {
    const context: SystemContext = {
      ...shared,
      name,
      fault: createFaultSwitch(),
      open: (schema, seed) => store.open(name, schema, seed),
      record: (call) => store.record({ system: name, ...call }),
    };
    return { context, standIn: open(context) };
  });
}

function application(
  running: readonly RunningSystem[],
  addresses: ReadonlyMap<string, string>,
  store: Store,
  log: Logger,
): Express {
  const app = createApp().use(guard);
  for (const { context, standIn } of running)
    if ('protocols' in standIn) {
      app.use(`/${context.name}`, serve(standIn.protocols, context));
      if (standIn.control !== undefined) app.use(`/_${context.name}`, standIn.control);
    }
  return app.use(control({ systems: running, addresses, store, log }));
}
