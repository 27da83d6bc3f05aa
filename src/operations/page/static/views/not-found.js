import { html } from '../parts/html.js';
import { Heading } from '../parts/layout.js';

export function NotFound() {
  return html`<${Heading} title="No such page" />
    <p>This address shows nothing. <a href="/needs">Go to what needs you</a>.</p>`;
}
