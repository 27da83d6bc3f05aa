import { createHash, randomBytes } from 'node:crypto';
import { HOUR } from '../../domain';
import type { OpsToken } from '../../settings';

export interface SessionsOptions {
  /** Called at each request: a session ends with its token. */
  readonly tokens: () => readonly OpsToken[];
  /** A clock in ms; it need not know the date. */
  readonly now: () => number;
}

export interface Sessions {
  /** @returns the new session's id, a secret. */
  readonly begin: (credential: OpsToken) => string;
  /** Whose session it is. `touch`: it is in use, and stays for longer. */
  readonly find: (id: string, use: 'touch' | 'look') => OpsToken | undefined;
  readonly end: (id: string) => void;
}

interface Session {
  readonly tokenDigest: string;
  readonly begunAt: number;
  usedAt: number;
}

export const SESSION_IDLE_MS = 8 * HOUR;
export const SESSION_MAX_MS = 24 * HOUR;
/** The one that was begun first makes room. */
const MAX_SESSIONS = 10_000;

/** Sessions of browsers, in memory: a restart ends them all. Ids are kept as digests, so that a memory dump opens none. */
export function createSessions({ tokens, now }: SessionsOptions): Sessions {
  const sessions = new Map<string, Session>();

  const isOver = ({ begunAt, usedAt }: Session): boolean =>
    now() - usedAt > SESSION_IDLE_MS || now() - begunAt > SESSION_MAX_MS;
  const makeRoom = (): void => {
    for (const [key, session] of sessions) if (isOver(session)) sessions.delete(key);
    const [oldest] = sessions.keys();
    if (sessions.size >= MAX_SESSIONS && oldest !== undefined) sessions.delete(oldest);
  };
  return {
    begin: ({ token }) => {
      makeRoom();
      const id = randomBytes(32).toString('base64url');
      sessions.set(digestOf(id), { tokenDigest: digestOf(token), begunAt: now(), usedAt: now() });
      return id;
    },
    find: (id, use) => {
      const key = digestOf(id);
      const session = sessions.get(key);
      if (session === undefined) return undefined;
      const credential = tokens().find(({ token }) => digestOf(token) === session.tokenDigest);
      if (credential === undefined || isOver(session)) {
        sessions.delete(key);
        return undefined;
      }
      if (use === 'touch') session.usedAt = now();
      return credential;
    },
    end: (id) => void sessions.delete(digestOf(id)),
  };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
