/** Starts the page: who is here, which view, and what changes. */
import { html, render, useEffect } from './parts/html.js';
import { get, isLoggedOut, logIn, me } from './parts/api.js';
import { DialogHost } from './parts/dialog.js';
import { useStore } from './parts/emitter.js';
import { Layout } from './parts/layout.js';
import { startStream, stopStream } from './parts/live.js';
import { LoginDialog, LoginPage } from './parts/login.js';
import { listenToLinks, usePlace } from './parts/router.js';
import { viewOf } from './views.js';

function App() {
  const person = useStore(me);
  const isOut = useStore(isLoggedOut);
  const { path } = usePlace();
  useEffect(() => {
    if (person && !isOut) startStream();
    return stopStream;
  }, [person, isOut]);
  if (person === undefined) return null;
  if (person === null) return html`<${LoginPage} />`;
  const { View, id } = viewOf(path);
  return html`<${Layout}><${View} key=${path} id=${id} /><//><${DialogHost} />${isOut && html`<${LoginDialog} />`}`;
}

/** A link that logs in: its token is taken out of the address before it is used. */
async function useTokenOfAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', location.pathname + location.search);
  await logIn(token);
}

async function start() {
  await useTokenOfAddress().catch(() => undefined);
  if (!me.get()) me.set(await get('/api/me').catch(() => null));
  isLoggedOut.set(false);
}

listenToLinks();
render(html`<${App} />`, document.getElementById('app'));
void start();
