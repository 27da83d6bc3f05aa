/** Markup that goes into a page as it is. */
export interface Html {
  readonly markup: string;
}

type Value = Html | readonly Html[] | string | number | null;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template in which every value is escaped, unless it is markup made the same way. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: strings.map((text, index) => text + rendered(values[index] ?? null)).join('') };
}

/** Text that goes into the page unescaped: our own style and script, never anything that came in. */
export function trusted(markup: string): Html {
  return { markup };
}

function rendered(value: Value): string {
  if (value === null) return '';
  if (typeof value === 'string' || typeof value === 'number') {
    return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
  }
  return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('');
}

/** Text on one line, cut where its column ends; whole under the pointer. */
export function cut(text: string): Html {
  return html`<span class="cut" title="${text}">${text}</span>`;
}

/** Green or red, for those who see it. */
export function marked(text: string | number, isGood: boolean): Html {
  return html`<span class="${isGood ? 'yes' : 'no'}">${text}</span>`;
}

interface Table {
  readonly caption?: string;
  /** With `className` for its width. */
  readonly columns: readonly { readonly label: string; readonly className?: string }[];
  readonly rows: readonly (readonly Value[])[];
}

export function table({ caption, columns, rows }: Table): Html {
  return html`<table>
    ${
      caption === undefined
        ? null
        : html`<caption>
            ${caption}
          </caption>`
    }
    <thead>
      <tr>
        ${columns.map(({ label, className = '' }) => html`<th scope="col" class="${className}">${cut(label)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

interface Message {
  /** Unique in its system: one that was opened stays open when the page is drawn again. */
  readonly key: string;
  readonly title: string;
  readonly about: readonly string[];
  /** Shown once it is opened. */
  readonly text: string;
}

/** E-mails, chat messages or statements, newest first: two lines of each, and all of it once it is opened. */
export function messages(oldestFirst: readonly Message[]): Html {
  if (oldestFirst.length === 0) return html`<p class="none">Nothing yet.</p>`;
  const newestFirst = [...oldestFirst].reverse();
  return html`${newestFirst.map(
    ({ key, title, about, text }) =>
      html`<details data-key="${key}">
        <summary>${cut(title)}<small>${about.map(cut)}</small></summary>
        <pre>${text}</pre>
      </details>`,
  )}`;
}
