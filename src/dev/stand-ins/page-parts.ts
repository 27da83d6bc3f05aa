import { html, type Html } from './html';

/** Text on one line, cut where its place ends; whole under the pointer. */
export function cut(text: string): Html {
  return html`<span class="cut" title="${text}">${text}</span>`;
}

interface Entry {
  /** Unique in its system: one that was opened stays open when the page is drawn anew. */
  readonly key: string;
  readonly title: string;
  readonly about: readonly string[];
  /** Shown once it is opened. */
  readonly text: string;
}

/** A letter, message or statement: two lines of it, and all of it once it is opened. */
export function entry({ key, title, about, text }: Entry): Html {
  return html`<details data-key="${key}">
    <summary>${cut(title)}<small>${about.map(cut)}</small></summary>
    <pre>${text}</pre>
  </details>`;
}
