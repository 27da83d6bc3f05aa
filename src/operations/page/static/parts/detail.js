/** Everything that is known about one case: its steps, messages, changes, notes and event. */
import { html, useState } from './html.js';
import { post } from './api.js';
import { useCanChange } from './actions.js';
import { announce } from './announce.js';
import { Empty } from './asked.js';
import { Refusal } from './form.js';
import { Table } from './table.js';
import { Time } from './time.js';

const TONES = { done: 'good', parked: 'bad', failed: 'bad', skipped: 'warn', 'would do': 'warn', observed: 'warn' };

export function Steps({ steps }) {
  if (steps.length === 0) return null;
  return html`<section aria-labelledby="steps">
    <h2 id="steps">Steps</h2>
    <${Table}
      caption="What it does, in order"
      rows=${steps}
      keyOf=${({ step }) => step}
      columns=${[
        { title: 'Step', isHeader: true, kind: 'wide', cell: ({ title }) => title },
        { title: 'Status', cell: ({ status }) => html`<span class=${`tag ${TONES[status] ?? ''}`}>${status}</span>` },
        { title: 'When', cell: ({ at }) => html`<${Time} at=${at} />` },
        { title: 'Detail', kind: 'wide', cell: ({ detail }) => detail ?? '' },
      ]}
    />
  </section>`;
}

export function History({ history, notified }) {
  const entries = [
    ...history.map(({ at, what, by, reason }) => ({ at, text: what, by, reason })),
    ...notified.map(({ at, role, channel, notification }) => ({
      at,
      text: `${role} was notified by ${channel}: ${notification}`,
    })),
  ].sort((a, b) => b.at.localeCompare(a.at));
  return html`<section aria-labelledby="history">
    <h2 id="history">Messages and decisions</h2>
    ${entries.length === 0 && html`<${Empty}>Nothing was decided yet.<//>`}
    <ol class="timeline">
      ${entries.map(({ at, text, by, reason }) => html`<${Moment} key=${at + text} ...${{ at, text, by, reason }} />`)}
    </ol>
  </section>`;
}

/** One entry of a timeline. */
export function Moment({ at, kind, text, by, reason, children }) {
  return html`<li>
    <${Time} at=${at} />
    <div>
      ${kind && html`<span class="tag">${kind}</span> `}${text}${by && html` <span class="faint">by ${by}</span>`}
      ${reason && html`<p class="reason">“${reason}”</p>`} ${children}
    </div>
  </li>`;
}

export function Effects({ effects }) {
  if (effects.length === 0) return null;
  return html`<section aria-labelledby="effects">
    <h2 id="effects">Changes in other systems</h2>
    <${Table}
      caption="Each write that was made; with a connector that observes, that would have been made"
      rows=${effects}
      keyOf=${({ step, system, naturalKey }) => `${step} ${system} ${naturalKey}`}
      columns=${EFFECTS}
    />
  </section>`;
}

const EFFECTS = [
  { title: 'When', cell: ({ begunAt, finishedAt }) => html`<${Time} at=${finishedAt ?? begunAt} />` },
  { title: 'System', cell: ({ system }) => system },
  { title: 'Step', isHeader: true, cell: ({ step }) => html`<code>${step}</code>` },
  { title: 'Status', cell: ({ status }) => html`<span class=${`tag ${TONES[status] ?? ''}`}>${status}</span>` },
  {
    title: 'By',
    cell: ({ actor, reason }) => html`${actor ?? 'the process'}${reason && html`<span class="under">${reason}</span>`}`,
  },
  { title: 'Before', cell: ({ before }) => html`<${Value} of=${before} />` },
  { title: 'Written', cell: ({ would }) => html`<${Value} of=${would} />` },
  { title: 'Result', cell: ({ result }) => html`<${Value} of=${result} />` },
];

/** A value of another system: short as it is, longer ones behind a word. */
export function Value({ of: value }) {
  if (value === null || value === undefined) return html`<span class="faint">–</span>`;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 1);
  if (text.length <= 40) return html`<code class="value">${text.replaceAll('\n', '')}</code>`;
  return html`<details>
    <summary>show</summary>
    <pre tabindex="0">${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>
  </details>`;
}

export function Notes({ workflowId, notes = [], onDone }) {
  const canChange = useCanChange();
  const [state, setState] = useState({ text: '', problem: null });
  const add = async (event) => {
    event.preventDefault();
    try {
      await post(`/api/workflows/${encodeURIComponent(workflowId)}/notes`, { text: state.text.trim() });
      setState({ text: '', problem: null });
      announce('The note was added.');
      onDone();
    } catch (problem) {
      setState((old) => ({ ...old, problem }));
    }
  };
  if (!canChange && notes.length === 0) return null;
  return html`<section aria-labelledby="notes">
    <h2 id="notes">Notes</h2>
    <ol class="timeline">
      ${notes.map(({ at, by, text }) => html`<${Moment} key=${at + text} ...${{ at, by, text }} />`)}
    </ol>
    ${
      canChange &&
      html`<form class="note" onSubmit=${add}>
      <label for="note">Add a note</label>
      <textarea
        id="note"
        rows="2"
        required
        maxlength="2000"
        value=${state.text}
        onInput=${({ target }) => setState((old) => ({ ...old, text: target.value }))}
      />
      ${state.problem && html`<${Refusal} problem=${state.problem} />`}
      <footer><button type="submit">Add</button></footer>
    </form>`
    }
  </section>`;
}

export function EventOf({ event: { eventId, event, receivedAt, signedAt, body, text } }) {
  return html`<section aria-labelledby="event">
    <h2 id="event">The event</h2>
    <dl class="facts">
      <dt>Event</dt>
      <dd>${event ?? 'unknown'}</dd>
      <dt>Id</dt>
      <dd><code>${eventId}</code></dd>
      <dt>Received</dt>
      <dd><${Time} at=${receivedAt} /></dd>
      <dt>Signed</dt>
      <dd><${Time} at=${signedAt} /></dd>
    </dl>
    ${
      (body ?? text) !== null &&
      html`<details>
      <summary>The body as it came</summary>
      <pre tabindex="0">${body === null ? text : JSON.stringify(body, null, 2)}</pre>
    </details>`
    }
  </section>`;
}
