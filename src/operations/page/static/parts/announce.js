/** What happened, in a sentence: seen at the foot of the page, and read out. */
import { html } from './html.js';
import { createStore, useStore } from './emitter.js';

const SHOWN_MS = 8_000;
const said = createStore('');
let timer;

export function announce(text) {
  said.set(text);
  clearTimeout(timer);
  timer = setTimeout(() => said.set(''), SHOWN_MS);
}

export function Announcements() {
  const text = useStore(said);
  return html`<div class="announcement" role="status" aria-live="polite">${text && html`<p>${text}</p>`}</div>`;
}
