import { sign } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/activity';
import type { SystemSettings } from '../../src/settings';
import type { ConnectorDeps } from '../connector';
import { createCredentialMemory } from '../credentials';
import {
  credentialsRefused,
  failureFromNetwork,
  failureFromStatus,
  mayPass,
  ofCall,
  rejected,
  unavailable,
} from '../failure';
import { requireNoPage } from '../http';
import { observeCall } from '../observe-call';

/** A bearer token, and where it is valid. */
export interface Session {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
}

/** The one session of this process. */
export interface Sessions {
  /**
   * Signs in where there is none; one sign-in at a time, whoever asks. Refused credentials are tried five times a minute,
   * unless they change: Salesforce locks out a user after more.
   * @throws `salesforce.unavailable` (retries), `salesforce.rejected`.
   */
  readonly current: () => Promise<Session>;
  /** This session has expired; a newer one stays. */
  readonly drop: (session: Session) => void;
  /** A new session was refused at once, which is a refusal of our credentials. */
  readonly refuse: (failure: ApplicationFailure) => void;
}

const LOGIN_RATE_DELAY_MS = 15 * 60_000;

/** A session is in memory only. */
export function createSessions(
  settings: SystemSettings['salesforce'],
  deps: Pick<ConnectorDeps, 'fetch' | 'now' | 'timeoutMs'>,
): Sessions {
  const { fetch: send = fetch, now = Date.now, timeoutMs = 5000 } = deps;
  let session: Session | undefined;
  let underWay: Promise<Session> | undefined;
  const memory = createCredentialMemory('salesforce', deps.now);

  async function begin(): Promise<Session> {
    const secret = secretOf(settings);
    memory.require(secret);
    try {
      session = await signIn(settings, { send, now, timeoutMs });
    } catch (thrown) {
      const error = ofCall('sign in', thrown);
      if (error instanceof ApplicationFailure && error.nonRetryable === true) memory.learn(secret, error);
      throw error;
    }
    return session;
  }

  return {
    current: async () => {
      if (session !== undefined) return session;
      underWay ??= begin().finally(() => (underWay = undefined));
      return underWay;
    },
    drop: (expired) => {
      if (session?.token === expired.token) session = undefined;
    },
    refuse: (failure) => {
      session = undefined;
      memory.learn(secretOf(settings), failure);
    },
  };
}

function secretOf({ credential }: SystemSettings['salesforce']): string {
  return 'secret' in credential ? credential.secret() : credential.privateKey();
}

interface Caller {
  readonly send: typeof fetch;
  readonly now: () => number;
  readonly timeoutMs: number;
}

function signIn(settings: SystemSettings['salesforce'], caller: Caller): Promise<Session> {
  return observeCall('salesforce', 'POST', () => openSession(settings, caller));
}

async function openSession(settings: SystemSettings['salesforce'], { send, now, timeoutMs }: Caller): Promise<Session> {
  const login = settings.loginUrl.replace(/\/+$/, '');
  const form = new URLSearchParams(grantOf(settings, login, now()));
  let response: Response;
  let text: string;
  try {
    // The activity that comes first does not end it: others wait for the same session.
    response = await send(`${login}/services/oauth2/token`, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'application/json' },
      body: form,
    });
    text = await response.text();
  } catch (error) {
    throw failureFromNetwork('salesforce', error);
  }
  const answer = parse(text);
  if (!response.ok) throw failureOf(response, answer);
  if (Object.keys(answer).length === 0) requireNoPage('salesforce', response.status, text);
  const { access_token: token, instance_url: instance } = answer;
  if (typeof token !== 'string' || token === '' || typeof instance !== 'string')
    throw rejected('salesforce', 'did not answer the sign-in with a session: is SALESFORCE_LOGIN_URL right?');
  return { token, url: trustedInstance(instance, login) };
}

/**
 * OAuth client credentials (RFC 6749 §4.4), or a JWT bearer (RFC 7523) valid for three minutes, as Salesforce wants it. The JWT
 * is signed here: `node:crypto` does it in a line, and a library would be one more package with access to the private key.
 */
function grantOf(
  { clientId, credential }: SystemSettings['salesforce'],
  login: string,
  now: number,
): Record<string, string> {
  if ('secret' in credential)
    return { grant_type: 'client_credentials', client_id: clientId, client_secret: credential.secret() };
  const exp = Math.floor(now / 1000) + 180;
  const claims = { iss: clientId, sub: credential.username, aud: login, exp };
  const unsigned = `${base64({ alg: 'RS256', typ: 'JWT' })}.${base64(claims)}`;
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${unsigned}.${signature(unsigned, credential.privateKey())}`,
  };
}

function base64(claims: object): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url');
}

function signature(text: string, privateKey: string): string {
  try {
    return sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url');
  } catch {
    throw rejected('salesforce', 'cannot sign: SALESFORCE_PRIVATE_KEY is no RSA key in PEM');
  }
}

interface TokenAnswer {
  readonly access_token?: unknown;
  readonly instance_url?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
}

function parse(text: string): TokenAnswer {
  try {
    const parsed = JSON.parse(text) as TokenAnswer | null;
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** RFC 6749 §5.2 and Salesforce's own ("OAuth 2.0 Authorization Errors"); anything else in its place may hold more. */
const CODES =
  /^(invalid|unsupported|unauthorized|unknown|server|inactive|rate|temporarily|redirect|app|access)_[a-z_]{1,50}$/;

function codeOf(error: unknown): string | undefined {
  return typeof error === 'string' && CODES.test(error) ? error : undefined;
}

/** A passing fault may come as 400 too, with one of these (`unknown_error`: "retry your request"). */
const PASSING = new Set(['unknown_error', 'server_error', 'temporarily_unavailable']);

function failureOf({ status, headers }: Response, { error, error_description: text }: TokenAnswer): ApplicationFailure {
  const code = codeOf(error);
  if (code === undefined || mayPass(status)) return failureFromStatus('salesforce', status, headers, code);
  const details = { status, code };
  if (typeof text === 'string' && /rate exceeded/i.test(text))
    return unavailable('salesforce', 'accepts no more sign-ins for a while', details, LOGIN_RATE_DELAY_MS);
  if (PASSING.has(code)) return unavailable('salesforce', `did not sign us in: ${code}`, details);
  const advice = 'look at the connected app, SALESFORCE_CLIENT_ID and what goes with it';
  // Comes as 400 (RFC 6749 §5.2), and means what others say by 401.
  return credentialsRefused('salesforce', code, { status: 401, code }, advice);
}

/**
 * Where the answer sends us next carries the token and people's data: the host that signed us in, or one of Salesforce's
 * own over TLS, and no other.
 */
function trustedInstance(instance: string, login: string): string {
  const url = URL.canParse(instance) ? new URL(instance) : undefined;
  if (url === undefined || !isBare(url) || !(url.origin === new URL(login).origin || isSalesforces(url)))
    throw rejected('salesforce', 'named an instance that is neither at the login URL nor at salesforce.com');
  return url.href.replace(/\/+$/, '');
}

function isBare({ username, password, search, hash }: URL): boolean {
  return username === '' && password === '' && search === '' && hash === '';
}

function isSalesforces({ protocol, port, hostname }: URL): boolean {
  return protocol === 'https:' && port === '' && hostname.endsWith('.salesforce.com');
}
