/** Addresses without reloading. */
import { createStore, useStore } from './emitter.js';

const here = () => ({ path: location.pathname, query: new URLSearchParams(location.search) });
const place = createStore(here());

export const usePlace = () => useStore(place);

export function go(to, { replace = false } = {}) {
  const isOtherView = new URL(to, location.href).pathname !== location.pathname;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  place.set(here());
  if (!isOtherView) return;
  scrollTo(0, 0);
  focusHeading();
}

/** A filter of the view is part of its address, so that it can be sent to somebody. */
export function setQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  go(`${location.pathname}${text === '' ? '' : `?${text}`}`, { replace: true });
}

export function listenToLinks() {
  addEventListener('popstate', () => place.set(here()));
  document.addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || !isOurs(link) || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.getAttribute('href'));
  });
}

function isOurs(link) {
  if (link.target !== '' || link.hasAttribute('download')) return false;
  return (
    link.origin === location.origin && !link.pathname.startsWith('/api/') && !link.getAttribute('href').startsWith('#')
  );
}

/** Where a reader of the screen goes on after the view has changed. */
export function focusHeading() {
  requestAnimationFrame(() => document.querySelector('main h1')?.focus({ preventScroll: true }));
}
