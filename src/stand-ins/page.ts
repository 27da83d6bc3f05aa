import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { faultModes, type Fault, type Faults } from './faults';
import { html, trusted, type Html } from './html';
import { SCRIPT, STYLE } from './page-assets';
import type { StandIn } from './stand-in';
import type { Call, Store } from './store';

interface PageContent {
  readonly systems: Readonly<Record<string, StandIn>>;
  readonly addresses: Readonly<Record<string, string>>;
  readonly store: Store;
  readonly faults: Faults;
}

const CALLS_SHOWN = 50;

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded from anywhere, and nothing runs but our own script: what the systems were sent stays text. */
const POLICY = [
  "default-src 'none'",
  `style-src ${digest(STYLE)}`,
  `script-src ${digest(SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answer with the page: what each system holds, the fault switches, the last calls. */
export function sendPage(response: Response, content: PageContent): void {
  response.set({
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  });
  response.type('html').send(`<!doctype html>${render(content).markup}`);
}

/** `#live` is what the script replaces when something changed; the forms stay, with what is typed into them. */
function render({ systems, addresses, store, faults }: PageContent): Html {
  const names = Object.keys(systems);
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>Stand-ins</title>
      ${trusted(`<style>${STYLE}</style>`)}
    </head>
    <body>
      <header>
        <h1>Stand-ins</h1>
        <p>What the systems downstream hold now. Every one of them is invented and lives in this process.</p>
        <p id="status" role="status"></p>
        <button type="button" id="reset">Reset everything</button>
      </header>
      <section aria-label="Fault switches" class="columns">${names.map(faultForm)}</section>
      <main id="live">
        <div class="columns">
          ${Object.entries(systems).map(
            ([name, system]) =>
              html`<section aria-label="${name}">
                <h2>${name} ${badge(faults.current(name))}</h2>
                <p><code>${addresses[name] ?? ''}</code></p>
                ${system.show()}
              </section>`,
          )}
        </div>
        ${calls(store.calls().slice(-CALLS_SHOWN).reverse())}
      </main>
      ${trusted(`<script>${SCRIPT}</script>`)}
    </body>
  </html>`;
}

function faultForm(system: string): Html {
  const field = (name: string, label: string): Html =>
    html`<label>${label} <input type="number" name="${name}" min="0" /></label>`;
  return html`<form data-system="${system}">
    <fieldset>
      <legend>${system}: make it</legend>
      <label>
        mode
        <select name="mode">
          ${faultModes.map((mode) => html`<option>${mode}</option>`)}
        </select>
      </label>
      ${field('calls', 'calls')} ${field('status', 'status')} ${field('latencyMs', 'latency (ms)')}
      ${field('retryAfterSeconds', 'retry after (s)')}
      <button type="submit">Apply</button>
    </fieldset>
  </form>`;
}

function badge({ mode, calls }: Fault): Html {
  const left = calls === undefined ? '' : ` · ${calls} more`;
  return html`<span class="badge ${mode === 'ok' ? 'yes' : 'no'}">${mode}${left}</span>`;
}

function calls(recent: readonly Call[]): Html {
  return html`<section aria-label="calls">
    <h2>Last calls</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">At</th>
          <th scope="col">System</th>
          <th scope="col">Call</th>
          <th scope="col">Status</th>
        </tr>
      </thead>
      <tbody>
        ${recent.map(
          ({ at, system, method, path, status }) =>
            html`<tr>
              <td><time>${at}</time></td>
              <td>${system}</td>
              <td><code>${method} ${path}</code></td>
              <td class="${status >= 200 && status < 300 ? 'yes' : 'no'}">${status === 0 ? 'cut' : status}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}
