import { askOps, type AskOpsOptions } from './ask-ops';

export interface ConnectorsCommand extends AskOpsOptions {
  readonly json?: boolean;
}

interface Connector {
  readonly system: string;
  readonly mode: string;
  readonly held: { readonly reason: string; readonly by: string | null; readonly since: string | null } | null;
  readonly pollers: number;
  readonly lastPollAt: string | null;
  readonly backlog: number;
}

/** `mt connectors status`. @returns 0. @throws as `askOps`. */
export async function runConnectorsStatus(options: ConnectorsCommand): Promise<number> {
  const answer = (await askOps(options).get('/api/connectors')) as { readonly connectors: readonly Connector[] };
  console.log(options.json === true ? JSON.stringify(answer) : answer.connectors.map(describe).join('\n'));
  return 0;
}

/** `mt connectors hold` and `release`. @returns 0. @throws as `askOps`. */
export async function runConnectorsSwitch(
  action: 'hold' | 'release',
  system: string,
  { reason, ...options }: ConnectorsCommand & { readonly reason: string },
): Promise<number> {
  const answer = (await askOps(options).post(`/api/connectors/${system}/${action}`, { reason })) as Connector;
  console.log(options.json === true ? JSON.stringify(answer) : describe(answer));
  return 0;
}

function describe({ system, mode, held, pollers, lastPollAt, backlog }: Connector): string {
  const workers = pollers === 0 ? 'no worker' : `${pollers} polling, the last at ${lastPollAt ?? 'an unknown time'}`;
  const isHeld = held === null ? '' : `; HELD since ${held.since ?? '?'} by ${held.by ?? '?'}: ${held.reason}`;
  return `${system}: ${mode}; ${workers}; ${backlog} waiting${isHeld}`;
}
