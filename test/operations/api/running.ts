import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createCappedLog, createLogger, type CappedLog } from '../../../src/telemetry';
import type { OpsToken } from '../../../src/settings';
import { createChanges, type Changes } from '../../../src/operations/changes';
import { createOpsServer, type OpsServer, type OpsServerOptions } from '../../../src/operations/api';

export const VIEWER = 'viewer-token-0123456789';
export const OPERATOR = 'operator-token-0123456789';
export const TOKENS: readonly OpsToken[] = [
  { name: 'grace', role: 'viewer', token: VIEWER },
  { name: 'ada', role: 'operator', token: OPERATOR },
];
export const DEPLOYMENT = { companyId: 'acme', timeZone: 'Europe/Berlin', temporalUi: null, version: '1.2.3' };

export interface Asked {
  readonly token?: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of a JSON answer. */
  readonly json: () => unknown;
}

export interface RunningOps extends OpsServer {
  readonly url: string;
  readonly changes: Changes;
  readonly logged: readonly { readonly level: string; readonly rule: string; readonly fields: object }[];
  /** `ask('GET /api/me', { token })` */
  readonly ask: (line: string, asked?: Asked) => Promise<Answered>;
  /** The request alone: the body of its answer is not read. */
  readonly open: (line: string, asked?: Asked) => Promise<Response>;
}

/** The operations' server on a port of its own, whose answers have to fit. */
export async function startOps(options: Partial<OpsServerOptions> = {}): Promise<RunningOps> {
  const logged: { level: string; rule: string; fields: object }[] = [];
  const quiet = createCappedLog(createLogger('test', 'silent'), () => 0);
  const log: CappedLog = { ...quiet, write: (level, rule, fields) => void logged.push({ level, rule, fields }) };
  const changes = options.changes ?? createChanges({ startedAt: 1, gatherMs: 0 });
  const made = createOpsServer({
    operations: [],
    tokens: () => TOKENS,
    changes,
    deployment: DEPLOYMENT,
    metrics: () => Promise.resolve({ contentType: 'text/plain', body: 'up 1\n' }),
    log,
    misfit: 'fail',
    ...options,
  });
  made.server.listen(0, '127.0.0.1');
  await once(made.server, 'listening');
  const url = `http://127.0.0.1:${(made.server.address() as AddressInfo).port}`;
  const open = (line: string, { token, cookie, headers, json, body, signal }: Asked = {}): Promise<Response> => {
    const [method = 'GET', path = '/'] = line.split(' ');
    return fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(cookie !== undefined && { cookie }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body ?? (json === undefined ? null : JSON.stringify(json)),
      signal: signal ?? null,
    });
  };
  const ask = async (line: string, asked?: Asked): Promise<Answered> => {
    const response = await open(line, asked);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as unknown };
  };
  return { ...made, url, changes, logged, ask, open };
}
