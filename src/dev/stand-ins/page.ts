import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { faultModes, type Fault } from './faults';
import { cut, html, marked, table, trusted, type Html } from './html';
import { SCRIPT, STYLE } from './page-assets';
import type { Call } from './store';
import type { RunningSystem } from './system';

interface PageContent {
  readonly systems: readonly RunningSystem[];
  readonly addresses: ReadonlyMap<string, string>;
  readonly calls: readonly Call[];
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

/** The script draws what has `data-live` again when something changed; all else stays, with what is typed into the forms. */
function render({ systems, addresses, calls }: PageContent): Html {
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
      <main>${systems.map((system) => section(system, addresses.get(system.context.name) ?? ''))}</main>
      <section id="calls" data-live tabindex="0" aria-label="calls">
        <h2>Last calls</h2>
        ${callTable(calls.slice(-CALLS_SHOWN).reverse())}
      </section>
      ${trusted(`<script>${SCRIPT}</script>`)}
    </body>
  </html>`;
}

function section({ context: { name, fault }, standIn }: RunningSystem, address: string): Html {
  return html`<section aria-labelledby="name-${name}">
    <h2>
      <span id="name-${name}">${name}</span>
      <span id="fault-${name}" data-live>${badge(fault.current())}</span>
    </h2>
    <code>${cut(address)}</code>
    ${faultForm(name)}
    <div id="state-${name}" class="state" data-live tabindex="0" role="region" aria-label="${name}: state">
      ${standIn.card()}
    </div>
  </section>`;
}

function faultForm(system: string): Html {
  const field = (name: string, label: string): Html =>
    html`<label>${label} <input type="number" name="${name}" min="0" /></label>`;
  return html`<form data-system="${system}" aria-label="${system}: fault switch">
    <label>
      make it
      <select name="mode">
        ${faultModes.map((mode) => html`<option>${mode}</option>`)}
      </select>
    </label>
    ${field('calls', 'for so many calls')}
    <button type="submit">Apply</button>
    <details>
      <summary>more</summary>
      <div>
        ${field('status', 'status')} ${field('latencyMs', 'latency (ms)')}
        ${field('retryAfterSeconds', 'retry after (s)')}
      </div>
    </details>
  </form>`;
}

function badge({ mode, calls }: Fault): Html {
  const left = calls === undefined ? '' : ` · ${calls} more`;
  return html`<span class="badge ${mode === 'ok' ? 'yes' : 'no'}">${mode}${left}</span>`;
}

function callTable(calls: readonly Call[]): Html {
  return table({
    columns: [
      { label: 'At', className: 'at' },
      { label: 'System', className: 'short' },
      { label: 'Call' },
      { label: 'Status', className: 'short' },
    ],
    rows: calls.map(({ at, system, method, path, status }) => [
      html`<time datetime="${at}"><span class="day">${at.slice(0, 10)} </span>${at.slice(11)}</time>`,
      system,
      html`<code>${cut(`${method} ${path}`)}</code>`,
      marked(status === 0 ? 'cut' : status, status >= 200 && status < 300),
    ]),
  });
}
