/** Calls of the JSON API. */
import { createStore } from './emitter.js';

/** Who is logged in: the answer of `/api/me`; null: not known yet. */
export const me = createStore(null);

/** True once a call was refused for want of a session, until somebody logs in. */
export const isLoggedOut = createStore(false);

const LIMIT_MS = 30_000;

/** Refused or failed: `status` is 0 where no answer came. `message` is a sentence for the reader. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export const get = (path, signal) => call('GET', path, undefined, signal);
export const post = (path, body = {}) => call('POST', path, body);
export const remove = (path) => call('DELETE', path);

async function call(method, path, body, signal) {
  const response = await request(method, path, body, signal);
  if (response.ok) return response.status === 204 ? null : response.json();
  const { detail, title } = await response.json().catch(() => ({}));
  if (response.status === 401 && path !== '/api/session') isLoggedOut.set(true);
  throw new Problem(response.status, detail ?? title ?? `The server answered ${response.status}.`);
}

async function request(method, path, body, signal) {
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    return await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const detail = limit.aborted ? `No answer within ${LIMIT_MS / 1000} seconds.` : 'The server cannot be reached.';
    throw new Problem(0, detail);
  }
}

/** @returns the path with those parameters that are not empty. */
export function withQuery(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== null && value !== '' && value !== false) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

export async function logIn(token) {
  await post('/api/session', { token });
  me.set(await get('/api/me'));
  isLoggedOut.set(false);
}

export const logOut = () => remove('/api/session');
