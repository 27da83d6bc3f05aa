/** While an answer is on its way, when it is a refusal, and when it is empty. */
import { html } from './html.js';
import { Refusal } from './form.js';

/** Draws what was answered. The first time there is nothing yet; later the old answer stays beside the problem. */
export function Asked({ of: { data, problem, again, isStale }, draw }) {
  return html`<div class="asked" aria-busy=${isStale || (!data && !problem)}>
    ${
      problem &&
      problem.status !== 401 &&
      html`<${Refusal} problem=${problem} />
      <p><button type="button" onClick=${again}>Try again</button></p>`
    }
    ${data ? draw(data) : !problem && html`<p class="waiting">One moment…</p>`}
  </div>`;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

export const More = ({ more, shown, total }) =>
  (more || total > shown) &&
  html`<p class="more">
    ${total !== undefined && html`<span>${shown} of ${total} shown.</span>`}
    ${more && html` <button type="button" onClick=${more}>Show more</button>`}
  </p>`;
