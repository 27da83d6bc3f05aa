import { randomBytes, verify } from 'node:crypto';
import { z } from 'zod';
import { CLIENT_ID } from '../../people';
import { isSecret } from '../protocol';
import type { SystemContext } from '../system';

/** A session that nobody uses for so long ends. An org can set it to this. */
const SESSION_MS = 2 * 3_600_000;

/** Salesforce accepts no assertion that is valid for longer; a little more for clocks that differ. */
const MAX_ASSERTION_SECONDS = 180 + 5;

type Form = Readonly<Record<string, unknown>>;

export interface SignIn {
  /** The body of the token endpoint's 200, or of its 400. */
  readonly grant: (
    form: Form,
    loginUrl: string,
  ) => { readonly access_token: string } | { readonly error: string; readonly error_description: string };
  /** By the `Authorization` header; a use prolongs the session. */
  readonly isSignedIn: (authorization: string | undefined) => boolean;
}

/**
 * OAuth client credentials by the stand-ins' token, or a JWT bearer whose signature `signInKey` verifies. Sessions end
 * with the process, as they do when an org is refreshed: whoever comes with an older one has to sign in again.
 */
export function createSignIn(
  { token, signInKey, now }: Pick<SystemContext, 'token' | 'signInKey' | 'now'>,
  canSignIn: (username: string) => boolean,
): SignIn {
  const sessions = new Map<string, number>();

  const fault = (form: Form, loginUrl: string): readonly [string, string] | null => {
    switch (form['grant_type']) {
      case 'client_credentials':
        if (form['client_id'] !== CLIENT_ID) return ['invalid_client_id', 'client identifier invalid'];
        return isSecret(form['client_secret'], token) ? null : ['invalid_client', 'invalid client credentials'];
      case 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return faultOfAssertion(form['assertion'], loginUrl);
      default:
        return ['unsupported_grant_type', 'grant type not supported'];
    }
  };

  const faultOfAssertion = (assertion: unknown, loginUrl: string): readonly [string, string] | null => {
    const claims = typeof assertion === 'string' ? verified(assertion, signInKey) : undefined;
    if (claims === undefined) return ['invalid_grant', 'invalid assertion'];
    if (claims.iss !== CLIENT_ID) return ['invalid_client_id', 'client identifier invalid'];
    if (claims.aud !== loginUrl) return ['invalid_grant', 'audience is invalid'];
    const left = claims.exp - now().getTime() / 1000;
    if (left <= 0 || left > MAX_ASSERTION_SECONDS) return ['invalid_grant', 'expired authorization code'];
    return canSignIn(claims.sub) ? null : ['invalid_grant', "user hasn't approved this consumer"];
  };

  return {
    grant: (form, loginUrl) => {
      const found = fault(form, loginUrl);
      if (found !== null) return { error: found[0], error_description: found[1] };
      const session = `00D5g0000000001!${randomBytes(24).toString('base64url')}`;
      sessions.set(session, now().getTime() + SESSION_MS);
      return {
        access_token: session,
        instance_url: loginUrl,
        id: `${loginUrl}/id/00D5g0000000001AAA/005000000000008AAA`,
        token_type: 'Bearer',
        scope: 'api',
        issued_at: String(now().getTime()),
      };
    },
    isSignedIn: (authorization = '') => {
      const session = authorization.replace(/^Bearer /, '');
      const at = now().getTime();
      if ((sessions.get(session) ?? 0) <= at) return false;
      sessions.set(session, at + SESSION_MS);
      return true;
    },
  };
}

const header = z.looseObject({ alg: z.literal('RS256') });
const claims = z.looseObject({ iss: z.string(), sub: z.string(), aud: z.string(), exp: z.number() });

/** The claims of an assertion that the key's owner signed (RFC 7515, RS256). */
function verified(assertion: string, publicKey: string | undefined): z.infer<typeof claims> | undefined {
  const [head = '', body = '', signature = '', ...more] = assertion.split('.');
  if (publicKey === undefined || more.length > 0) return undefined;
  try {
    header.parse(decoded(head));
    const isSigned = verify(
      'RSA-SHA256',
      Buffer.from(`${head}.${body}`),
      publicKey,
      Buffer.from(signature, 'base64url'),
    );
    return isSigned ? claims.parse(decoded(body)) : undefined;
  } catch {
    return undefined;
  }
}

function decoded(section: string): unknown {
  return JSON.parse(Buffer.from(section, 'base64url').toString('utf8'));
}
