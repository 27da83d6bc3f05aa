/** What is around every view: the menu, the search, whether it is live, and who is logged in. */
import { html, useEffect, useRef, useState } from './html.js';
import { Announcements } from './announce.js';
import { logOut, me } from './api.js';
import { forgetAnswers, useData } from './data.js';
import { useStore } from './emitter.js';
import { liveness, stopStream } from './live.js';
import { usePlace } from './router.js';
import { Search } from './search.js';
import { formatTime, useNow, zone } from './time.js';

const MENU = [
  [
    'Work',
    [
      ['/needs', 'Needs you'],
      ['/leavers', 'Leavers'],
      ['/recertifications', 'Recertifications'],
      ['/coaching', 'Coaching'],
      ['/hires', 'New hires'],
      ['/quarantine', 'Quarantine'],
    ],
  ],
  [
    'Learning',
    [
      ['/leaderboard', 'Leaderboard'],
      ['/progress', 'Progress'],
    ],
  ],
  [
    'System',
    [
      ['/deliveries', 'Deliveries'],
      ['/observed', 'What would have happened'],
      ['/connectors', 'Connectors'],
      ['/health', 'Health'],
      ['/audit', 'Audit'],
    ],
  ],
];

export function Layout({ children }) {
  return html`<a class="skip" href="#main">Skip to the content</a>
    <header class="top">
      <a class="brand" href="/needs"><span aria-hidden="true" class="mark">✓</span> Operations</a>
      <${Search} />
      <${Live} />
      <${WhoIsHere} />
    </header>
    <${Menu} />
    <main id="main" tabindex="-1">${children}</main>
    <footer class="foot"><${Foot} /></footer>
    <${Announcements} />`;
}

function Menu() {
  const { path } = usePlace();
  const { data } = useData('/api/needs', ['workflows']);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const counts = { '/needs': data?.total, '/quarantine': data?.quarantined };
  return html`<nav aria-label="Views" class=${isOpen ? 'open' : ''}>
    <button type="button" class="menu" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
      <span aria-hidden="true">☰</span> ${titleOf(path)}
      ${data?.total > 0 && html` <span class="count">${data.total}<span class="unseen"> need you</span></span>`}
    </button>
    ${MENU.map(
      ([title, views]) => html`<section key=${title}>
        <h2>${title}</h2>
        <ul>
          ${views.map(([to, name]) => html`<${MenuItem} key=${to} ...${{ to, name, path, count: counts[to] }} />`)}
        </ul>
      </section>`,
    )}
  </nav>`;
}

function MenuItem({ to, name, path, count }) {
  const isHere = path === to || path.startsWith(`${to}/`) || (to === '/needs' && path === '/');
  return html`<li>
    <a href=${to} aria-current=${isHere ? 'page' : undefined}>
      ${name} ${count > 0 && html`<span class="count">${count}<span class="unseen"> open</span></span>`}
    </a>
  </li>`;
}

function titleOf(path) {
  const views = MENU.flatMap(([, entries]) => entries);
  return views.find(([to]) => path.startsWith(to))?.[1] ?? (path === '/' ? 'Needs you' : 'Menu');
}

function Live() {
  const { isLive, since } = useStore(liveness);
  const now = useNow(20_000);
  return html`<p class=${`live ${isLive ? 'good' : 'warn'}`} role="status">
    <span class="dot" aria-hidden="true"></span>
    ${isLive ? 'live' : `reconnecting since ${formatTime(new Date(since).toISOString(), now)}`}
  </p>`;
}

function WhoIsHere() {
  const person = useStore(me);
  const leave = async () => {
    stopStream();
    await logOut().finally(() => {
      forgetAnswers();
      location.assign('/needs');
    });
  };
  return html`<div class="who">
    <span title=${`Your role: ${person.role}`}>${person.name}${person.role === 'viewer' && html` <small>(can look)</small>`}</span>
    <button type="button" class="plain" onClick=${leave}>Log out</button>
  </div>`;
}

function Foot() {
  const { temporalUi, version, companyId } = useStore(me);
  return html`<p>
    Times are in your time zone (${zone()}); point at one to see it in UTC. Company ${companyId}.
    ${temporalUi && html` <a href=${temporalUi} target="_blank" rel="noreferrer">Temporal Web UI</a>.`}
    ${version && html` Version ${version}.`} Press <kbd>/</kbd> to find a person.
  </p>`;
}

/** The heading of a view, which is also the title of the window. */
export function Heading({ title, children }) {
  const element = useRef(null);
  useEffect(() => {
    document.title = `${title} · Operations`;
  }, [title]);
  return html`<div class="heading">
    <h1 tabindex="-1" ref=${element}>${title}</h1>
    ${children}
  </div>`;
}
