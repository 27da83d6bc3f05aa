import type { StandInsState } from '../../src/dev/stand-ins';
import { certificateOf, freezeOf, MAIL_DOMAIN, reportOf } from './deliveries';

export interface StandInsClient {
  /** Have these users in the identity provider, each able to sign in. */
  readonly addUsers: (userIds: readonly string[]) => Promise<void>;
  readonly state: () => Promise<StandInsState>;
  /** Back to the beginning. */
  readonly reset: () => Promise<void>;
}

export function connectStandIns(url: string, token: string): StandInsClient {
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the stand-ins answered ${response.status} to ${method} ${path}`);
    return response;
  };
  return {
    addUsers: async (userIds) => {
      await Promise.all(userIds.map((userId) => ask('POST', '/identity/scim/v2/Users', userOf(userId))));
    },
    state: async () => (await (await ask('GET', '/_state')).json()) as StandInsState,
    reset: async () => {
      await ask('POST', '/_reset');
    },
  };
}

function userOf(userId: string): object {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: `${userId}@${MAIL_DOMAIN}`,
    externalId: userId,
    active: true,
  };
}

const LETTERS: readonly { readonly begins: string; readonly keyOf: (to: string, rest: string) => string }[] = [
  { begins: 'Your certificate: Course ', keyOf: (to, courseId) => certificateOf(to, courseId) },
  { begins: 'Offboarded: ', keyOf: (_to, userId) => reportOf(userId) },
];

/** What the stand-ins saw, by natural key: every letter, and every change of a user that was made. */
export function effectsIn({ identity, mail, calls }: StandInsState): readonly string[] {
  const letters = mail.messages.flatMap(({ to, subject, copies }) => {
    const [recipient = ''] = (to[0] ?? '').split('@');
    const kind = LETTERS.find(({ begins }) => subject.startsWith(begins));
    const key = kind?.keyOf(recipient, subject.slice(kind.begins.length)) ?? `letter to ${recipient}: ${subject}`;
    return Array.from({ length: copies }, () => key);
  });
  const nameOf = new Map(identity.users.map(({ id, externalId, userName }) => [id, externalId ?? userName]));
  const changes = calls
    .filter(
      ({ system, method, status }) => system === 'identity' && method === 'PATCH' && status >= 200 && status < 300,
    )
    .map(({ path }) => /\/Users\/([^/?]+)/.exec(path)?.[1] ?? path)
    .map((id) => freezeOf(nameOf.get(id) ?? id));
  return [...letters, ...changes];
}
