/** What changes while one looks: the server names topics, and whoever shows them asks again. */
import { createStore } from './emitter.js';
import { get } from './api.js';

/** `{ isLive, since }`: since when it is so, in epoch ms. */
export const liveness = createStore({ isLive: false, since: Date.now() });

const listeners = new Set();
const RETRY_MS = 5_000;

let stream;
let retry;

/** Calls `listener` with the topics that changed; with `null` when anything may have. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startStream() {
  stopStream();
  stream = new EventSource('/api/stream');
  let wasLost = false;
  stream.addEventListener('open', () => {
    setLive(true);
    // What happened meanwhile may be older than what the server remembers.
    if (wasLost) notify(null);
    wasLost = false;
  });
  stream.addEventListener('change', ({ data }) => notify(topicsOf(data)));
  stream.addEventListener('error', () => {
    setLive(false);
    wasLost = true;
    // The browser tries again by itself unless it was refused; then ask why: it may be the session.
    if (stream.readyState === EventSource.CLOSED) retry = setTimeout(restart, RETRY_MS);
  });
}

export function stopStream() {
  clearTimeout(retry);
  stream?.close();
}

async function restart() {
  try {
    await get('/api/me');
    startStream();
    notify(null);
  } catch (problem) {
    if (problem.status !== 401) retry = setTimeout(restart, RETRY_MS);
  }
}

function topicsOf(data) {
  try {
    return JSON.parse(data).topics ?? null;
  } catch {
    return null;
  }
}

function notify(topics) {
  for (const listener of [...listeners]) listener(topics);
}

function setLive(isLive) {
  if (liveness.get().isLive !== isLive) liveness.set({ isLive, since: Date.now() });
}
