/** The client of the operations' JSON API, for the commands that people control running workflows with. */
import { z } from 'zod';
import { dataDirOf, readDevJson } from '../dev/data-dir';
import { SECOND } from '../domain';
import { opsSettings, SettingsError, valueOf, withDotEnv, type Environment } from '../settings';

export interface AskOpsOptions {
  /** Base URL of `mt ops`. */
  readonly url?: string;
  readonly dataDir?: string;
}

export interface AskOps {
  readonly get: (path: string, query?: Readonly<Record<string, string | number | undefined>>) => Promise<unknown>;
  readonly post: (path: string, body: object) => Promise<unknown>;
  readonly delete: (path: string) => Promise<unknown>;
}

const TIMEOUT_MS = 30 * SECOND;
const problem = z.object({ title: z.string().optional(), detail: z.string().optional() });

/**
 * Where the operations are, and as whom they are asked: `--url`, else OPS_URL or OPS_PORT, else the running `mt dev`; the
 * token of OPS_TOKENS, an operator's first, else that of the running `mt dev`.
 * @throws SettingsError when no token is known. Its calls throw an Error with what was answered, or that nobody did.
 */
export function askOps(options: AskOpsOptions, env: Environment = withDotEnv(process.env)): AskOps {
  const { url, token } = addressOf(options, env);
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      const { cause, message } = error as Error;
      throw new Error(`no answer from ${url}: ${cause instanceof Error ? cause.message : message}`);
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    const { title = 'without an explanation', detail } = problem.safeParse(answer).data ?? {};
    throw new Error(detail === undefined ? `${url} answered ${response.status} ${title}` : detail);
  };
  return {
    get: (path, query = {}) => ask('GET', `${path}${queryOf(query)}`),
    post: (path, body) => ask('POST', path, body),
    delete: (path) => ask('DELETE', path),
  };
}

function queryOf(query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

function addressOf(
  { url, dataDir }: AskOpsOptions,
  env: Environment,
): { readonly url: string; readonly token: string } {
  const stack = readDevJson(dataDir ?? dataDirOf(env));
  const token = tokenIn(env) ?? stack?.opsToken ?? undefined;
  if (token === undefined)
    throw new SettingsError(['OPS_TOKENS: missing, and no `mt dev` runs on this data directory']);
  return { url: (url ?? urlIn(env, stack?.ops)).replace(/\/+$/, ''), token };
}

function tokenIn(env: Environment): string | undefined {
  const { tokens } = opsSettings(env);
  return (tokens.find(({ role }) => role === 'operator') ?? tokens[0])?.token;
}

function urlIn(env: Environment, ofStack: string | null | undefined): string {
  const set = valueOf(env, 'OPS_URL');
  if (set !== undefined) return set;
  const isPortSet = valueOf(env, 'OPS_PORT') !== undefined;
  return isPortSet || !ofStack ? `http://127.0.0.1:${opsSettings(env).port}` : ofStack;
}
