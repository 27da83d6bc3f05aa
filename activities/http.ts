import type { System } from '../src/domain';
import type { ConnectorDeps } from './connector';
import { createCredentialMemory } from './credentials';
import { withinTime } from './deadline';
import { credentialsRefused, failureFromNetwork, failureFromStatus, ofCall, rejected, unavailable } from './failure';
import { observeCall } from './observe-call';
import type { Effect, Write } from './write-once';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined where the answer had none. */
  readonly body: unknown;
}

export interface HttpRequest {
  readonly method: string;
  /** What it does, for the sentence of a failure: `end the sessions`. No names. */
  readonly call?: string;
  /** Joined to the base URL; the caller encodes what it puts in. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`; its content type is in `headers`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  /** In addition to the system's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Other statuses than 2xx that are an answer and no failure. */
  readonly accept?: readonly number[];
  /** Throws where an answer with an accepted status is a failure still. */
  readonly inspect?: (answer: HttpAnswer) => void;
}

interface HttpSettings extends Pick<ConnectorDeps, 'fetch' | 'timeoutMs'> {
  readonly system: System;
  readonly baseUrl: string;
  /** Called for each request: a credential may have changed. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly write: Write;
  /** What an answer means that is neither 2xx nor accepted; absent: what its status says. */
  readonly failure?: (status: number, headers: Headers, body: unknown) => Error;
}

/** A system behind HTTP and JSON. `write` has a row in `effects`, so that `observe` and repeats stop there. */
export interface Http {
  /** @throws `<system>.unavailable` (retries) or `<system>.rejected`. */
  readonly read: (request: HttpRequest) => Promise<HttpAnswer>;
  /** @throws as `read`, and `ledger.unavailable` (retries). */
  readonly write: (effect: Effect, request: HttpRequest) => Promise<{ readonly status: number } | 'observed'>;
}

export function createHttp({
  system,
  baseUrl,
  headers,
  write,
  failure = (status, answered, body) => failureFromStatus(system, status, answered, errorCode(body)),
  timeoutMs = 5000,
  fetch: send = fetch,
}: HttpSettings): Http {
  const memory = createCredentialMemory(system);

  async function call(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await observeCall(system, request.method, () => answered(request));
    } catch (error) {
      throw ofCall(request.call, error);
    }
  }

  async function answered(request: HttpRequest): Promise<HttpAnswer> {
    const own = headers();
    const credential = JSON.stringify(own);
    memory.require(credential);
    const { response, text } = await exchange(request, own);
    const { status } = response;
    memory.learn(credential, status === 401 ? credentialsRefused(system, status, { status }) : undefined);
    const body = parseJson(text);
    if (!response.ok && !request.accept?.includes(status)) throw failure(status, response.headers, body);
    if (body === undefined) requireNoPage(system, status, text);
    const answer = { status, body, headers: response.headers };
    request.inspect?.(answer);
    return answer;
  }

  async function exchange(
    { method, path, body, raw, headers: more }: HttpRequest,
    own: Readonly<Record<string, string>>,
  ): Promise<{ readonly response: Response; readonly text: string }> {
    const given = { ...own, ...more };
    return withinTime(timeoutMs, async (signal) => {
      try {
        const response = await send(`${baseUrl.replace(/\/+$/, '')}${path}`, {
          method,
          // A redirect would carry the credential, or a person's data, to an address that no setting names.
          redirect: 'manual',
          signal,
          headers: {
            ...given,
            ...(body !== undefined && { 'content-type': given['content-type'] ?? 'application/json' }),
          },
          ...(raw !== undefined && { body: raw }),
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        return { response, text: await response.text() };
      } catch (error) {
        throw failureFromNetwork(system, error);
      }
    });
  }

  return {
    read: call,
    // The row leaves out the body: it may hold more about a person than we need to keep.
    write: (effect, request) => write(effect, async () => ({ status: (await call(request)).status })),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * A sign-in page answered with 200 is no answer of the system, and nothing was written; the same holds for an answer that a
 * proxy has cut. Other words (`OK`) and an empty body are left to the caller.
 */
export function requireNoPage(system: System, status: number, text: string, call?: string): void {
  const start = text.trimStart().charAt(0);
  const details = { status, ...(call !== undefined && { call }) };
  if (start === '<') throw rejected(system, `answered ${status} with a page: is its URL right?`, details);
  if (start === '{' || start === '[') throw unavailable(system, `answered ${status} with half a JSON`, details);
}

/** RFC 7644 table 9, and Okta's `E0000001`; anything else in their place may be a name. */
const CODES = /^(invalid(Filter|Syntax|Path|Value|Vers)|tooMany|uniqueness|mutability|noTarget|sensitive|E\d{7})$/;

/** The far side's short code, where it has one (SCIM `scimType`, Okta `errorCode`). */
function errorCode(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { scimType, errorCode: code } = body as { scimType?: unknown; errorCode?: unknown };
  const found = typeof scimType === 'string' ? scimType : code;
  return typeof found === 'string' && CODES.test(found) ? found : undefined;
}
