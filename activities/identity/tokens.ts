import type { ApplicationFailure } from '@temporalio/activity';
import type { SystemSettings } from '../../src/settings';
import type { ConnectorDeps } from '../connector';
import { createCredentialMemory } from '../credentials';
import { unlessCancelled } from '../deadline';
import { credentialsRefused, failureFromNetwork, failureFromStatus, ofCall, rejected, statusOf } from '../failure';
import { requireNoPage, type Http } from '../http';
import { observeCall } from '../observe-call';
import type { Write } from '../write-once';

/** The one access token of this process, in memory only. */
export interface Tokens {
  /** Signs in where there is none, or where it is about to expire; one sign-in at a time, whoever asks. */
  readonly current: () => Promise<string>;
  /** This token is not accepted any more; a newer one stays. */
  readonly drop: (token: string) => void;
  /** A new token was refused at once, which is a refusal of our credentials. */
  readonly refuse: (failure: ApplicationFailure) => void;
}

/** OAuth 2.0 client credentials. */
type Client = NonNullable<SystemSettings['identity']['signIn']> & { readonly secret: () => string };

interface Token {
  readonly text: string;
  /** By the monotonic clock, in ms. */
  readonly usableUntil: number;
}

type TokenDeps = Pick<ConnectorDeps, 'fetch' | 'timeoutMs'> & {
  /** A monotonic clock, in ms. */
  readonly clock?: () => number;
};

const CALL = 'sign in';

/** A call that begins now may arrive a while later; Keycloak's tokens live for a minute. */
const MAX_MARGIN_MS = 30_000;

/**
 * OAuth 2.0 client credentials (RFC 6749 §4.4). Refused credentials are tried five times a minute, unless they change.
 * @throws `identity.unavailable` (retries), `identity.rejected`.
 */
export function createTokens(settings: Client, deps: TokenDeps): Tokens {
  const { clock = () => performance.now() } = deps;
  const memory = createCredentialMemory('identity', clock);
  const signIn = createSignIn(settings, { ...deps, clock });
  let token: Token | undefined;
  let underWay: Promise<string> | undefined;

  async function begin(): Promise<string> {
    const secret = settings.secret();
    memory.require(secret);
    try {
      token = await signIn(secret);
    } catch (error) {
      if (statusOf(error) === 401) memory.learn(secret, error as ApplicationFailure);
      throw error;
    }
    return token.text;
  }

  return {
    current: async () => {
      if (token !== undefined && clock() < token.usableUntil) return token.text;
      underWay ??= begin().finally(() => (underWay = undefined));
      return underWay;
    },
    drop: (refused) => {
      if (token?.text === refused) token = undefined;
    },
    refuse: (failure) => {
      token = undefined;
      memory.learn(settings.secret(), failure);
    },
  };
}

/** Where the client's id and secret go (RFC 6749 §2.3.1): most servers take both, some only one. */
type Place = 'body' | 'header';

function createSignIn(
  { url, clientId, scope }: Client,
  { fetch: send = fetch, timeoutMs = 5000, clock }: TokenDeps & { readonly clock: () => number },
): (secret: string) => Promise<Token> {
  let place: Place = 'body';

  async function ask(secret: string, at: Place): Promise<{ readonly response: Response; readonly text: string }> {
    const form = {
      grant_type: 'client_credentials',
      ...(at === 'body' && { client_id: clientId, client_secret: secret }),
      ...(scope !== undefined && { scope }),
    };
    const basic = `Basic ${Buffer.from(`${encoded(clientId)}:${encoded(secret)}`).toString('base64')}`;
    try {
      // The activity that comes first does not end it: others wait for the same token.
      const response = await send(url, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: { accept: 'application/json', ...(at === 'header' && { authorization: basic }) },
        body: new URLSearchParams(form),
      });
      return { response, text: await response.text() };
    } catch (error) {
      throw ofCall(CALL, failureFromNetwork('identity', error));
    }
  }

  const take = (secret: string, at: Place): Promise<Token> =>
    observeCall('identity', 'POST', () => takeFrom(secret, at));

  async function takeFrom(secret: string, at: Place): Promise<Token> {
    const asked = clock();
    const { response, text } = await ask(secret, at);
    if (!response.ok) throw failureOf(response, text);
    const { access_token: token, expires_in: seconds } = parse(text);
    if (typeof token !== 'string' || token === '') {
      requireNoPage('identity', response.status, text, CALL);
      throw rejected('identity', 'did not answer with a token: is SCIM_TOKEN_URL right?', { call: CALL });
    }
    const lifeMs = Number(seconds) > 0 ? Number(seconds) * 1000 : Infinity;
    return { text: token, usableUntil: asked + lifeMs - Math.min(MAX_MARGIN_MS, lifeMs / 4) };
  }

  return async (secret) => {
    try {
      return await take(secret, place);
    } catch (error) {
      if (statusOf(error) !== 401) throw error;
      const other: Place = place === 'body' ? 'header' : 'body';
      const token = await take(secret, other);
      place = other;
      return token;
    }
  };
}

/** `application/x-www-form-urlencoded`, as RFC 6749 wants it before Base64. */
function encoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

interface TokenAnswer {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
}

function parse(text: string): TokenAnswer {
  try {
    return (JSON.parse(text) as TokenAnswer | null) ?? {};
  } catch {
    return {};
  }
}

/** RFC 6749 §5.2: the credentials are refused by 401, or by 400 and one of these. */
const REFUSED = ['invalid_client', 'unauthorized_client', 'invalid_grant'];
const CODE = /^[a-z_]{1,40}$/;

function failureOf({ status, headers }: Response, text: string): ApplicationFailure {
  const { error } = parse(text);
  const code = typeof error === 'string' && CODE.test(error) ? error : undefined;
  const answered = code ?? status;
  if (status === 401 || (status === 400 && REFUSED.includes(code ?? ''))) {
    const advice = 'look at SCIM_CLIENT_ID and SCIM_CLIENT_SECRET';
    return credentialsRefused('identity', answered, { status: 401, call: CALL }, advice);
  }
  if (![400, 404].includes(status))
    return ofCall(CALL, failureFromStatus('identity', status, headers, code)) as ApplicationFailure;
  return rejected('identity', `answered ${answered}: is SCIM_TOKEN_URL right?`, { status, call: CALL });
}

/** Calls with such a token: one that is refused before its time is replaced once; the refused call did nothing. */
export function createSignedIn(tokens: Tokens, httpWith: (token: string) => Http, write: Write): Http {
  const read: Http['read'] = async (request) => {
    const token = await unlessCancelled(tokens.current());
    try {
      return await httpWith(token).read(request);
    } catch (error) {
      if (statusOf(error) !== 401) throw error;
      tokens.drop(token);
    }
    try {
      return await httpWith(await unlessCancelled(tokens.current())).read(request);
    } catch (error) {
      if (statusOf(error) === 401) tokens.refuse(error as ApplicationFailure);
      throw error;
    }
  };
  return { read, write: (effect, request) => write(effect, async () => ({ status: (await read(request)).status })) };
}
