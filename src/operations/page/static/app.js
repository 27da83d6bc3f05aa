/** Starts the page: who is here, which view, and what changes. */
import { html, render, useEffect } from './parts/html.js';
import { get, isLoggedOut, logIn, me } from './parts/api.js';
import { DialogHost } from './parts/dialog.js';
import { createStore, useStore } from './parts/emitter.js';
import { Refusal } from './parts/form.js';
import { Layout } from './parts/layout.js';
import { startStream, stopStream } from './parts/live.js';
import { LoginDialog } from './parts/login.js';
import { listenToLinks, usePlace } from './parts/router.js';
import { viewOf } from './views.js';

const RETRY_MS = 5_000;

/** Why nothing is shown yet. */
const trouble = createStore(null);

function App() {
  const person = useStore(me);
  const isOut = useStore(isLoggedOut);
  const problem = useStore(trouble);
  const { path } = usePlace();
  useEffect(() => {
    if (person && !isOut) startStream();
    return stopStream;
  }, [person, isOut]);
  if (isOut && !person) return html`<${LoginDialog} title="Log in" />`;
  if (!person) return problem && html`<main><${Refusal} problem=${problem} /></main>`;
  const { View, id } = viewOf(path);
  return html`<${Layout}><${View} key=${path} id=${id} /><//>
    <${DialogHost} />${isOut && html`<${LoginDialog} title="You were logged out" />`}`;
}

/** A link that logs in: its token is taken out of the address before it is used. */
async function useTokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', location.pathname + location.search);
  await logIn(token);
}

async function start() {
  try {
    if (!me.get()) me.set(await get('/api/me'));
  } catch (problem) {
    trouble.set(problem);
    if (problem.status !== 401) setTimeout(start, RETRY_MS);
  }
}

listenToLinks();
render(html`<${App} />`, document.getElementById('app'));
useTokenOfAddress()
  .catch(() => undefined)
  .then(start);
