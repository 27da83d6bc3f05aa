import type { DirectorySummary } from './identity/directory';
import { identity } from './identity';
import { mail, type MailState } from './mail';
import { salesforce, type SalesforceState } from './salesforce';
import { slack } from './slack';
import type { SlackState } from './slack/workspace';
import type { ListeningStandIn, StandIn, World } from './stand-in';
import type { Call } from './store';
import { xapi, type XapiState } from './xapi';

type Systems = {
  readonly identity: StandIn<DirectorySummary>;
  readonly mail: ListeningStandIn<MailState>;
  readonly salesforce: StandIn<SalesforceState>;
  readonly slack: StandIn<SlackState>;
  readonly xapi: StandIn<XapiState>;
};

/** Every system that is stood in for. A further one is a file and a line here. */
export function createSystems(world: World): Systems {
  return {
    identity: identity(world),
    mail: mail(world),
    salesforce: salesforce(world),
    slack: slack(world),
    xapi: xapi(world),
  };
}

/** `GET /_state`. */
export interface StandInsState {
  readonly identity: DirectorySummary;
  readonly mail: MailState;
  readonly salesforce: SalesforceState;
  readonly slack: SlackState;
  readonly xapi: XapiState;
  /** Every protocol call, oldest first; mail's are `SEND`, with the Message-ID as their path. */
  readonly calls: readonly Call[];
}

/** What it says of a system, in this order, until there is one. */
export const emptyState = {
  identity: { users: [], groups: [] },
  mail: { messages: [] },
  salesforce: { records: [] },
  slack: { messages: [], users: [] },
  xapi: { statements: [] },
  calls: [],
} as const satisfies StandInsState;
