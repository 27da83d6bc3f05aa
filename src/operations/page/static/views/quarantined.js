/** One event in quarantine: what is wrong with which field, and a place to correct it. */
import { html, useEffect, useRef, useState } from '../parts/html.js';
import { openAction, useCanChange } from '../parts/actions.js';
import { post } from '../parts/api.js';
import { Asked } from '../parts/asked.js';
import { Status, WebUiLink } from '../parts/case.js';
import { useData } from '../parts/data.js';
import { Notes } from '../parts/detail.js';
import { Heading } from '../parts/layout.js';
import { readJson, whereIs } from '../parts/json-text.js';
import { Time } from '../parts/time.js';
import { casePath } from './case.js';

const CHECK_MS = 300;

export function Quarantined({ id }) {
  const asked = useData(`/api/quarantine/${encodeURIComponent(id)}`, ['workflows']);
  return html`<${Heading} title="An event in quarantine" />
    <${Asked} of=${asked} draw=${(answer) => html`<${One} answer=${answer} onDone=${asked.again} />`} />`;
}

function One({ answer, onDone }) {
  const { case: one, event } = answer;
  return html`<div class="box">
      <p class="sentence">${one.sentence}</p>
      <dl class="facts">
        <dt>Event</dt>
        <dd>${event ?? 'unknown'}</dd>
        <dt>Came</dt>
        <dd><${Time} at=${one.startedAt} /></dd>
        <dt>Status</dt>
        <dd><${Status} of=${one} /></dd>
        ${one.next && html`<dt>By itself</dt><dd>${one.next.what}</dd>`}
      </dl>
      <footer><${WebUiLink} of=${one} /></footer>
    </div>
    <${Editor} key=${one.workflowId} answer=${answer} onDone=${onDone} />
    <${NotesOf} id=${one.workflowId} />`;
}

function NotesOf({ id }) {
  const { data, again } = useData(casePath(id), ['workflows']);
  return data && html`<${Notes} workflowId=${id} notes=${data.notes} onDone=${again} />`;
}

/** The event's data where the body could be read; else the whole body. */
function editable({ body, text }) {
  const data = body !== null && typeof body === 'object' && 'data' in body ? body.data : body;
  return data === null ? (text ?? '') : JSON.stringify(data, null, 2);
}

function Editor({ answer, onDone }) {
  const [text, setText] = useState(() => editable(answer));
  const field = useRef(null);
  const canChange = useCanChange();
  const { case: one, event } = answer;
  const isOpen = one.status === 'running';
  const read = readJson(text);
  const { problems, isChecking } = useProblems(event, read, answer.problems, text === editable(answer));
  const show = (path) => {
    const [start, end] = whereIs(text, path);
    field.current.focus();
    field.current.setSelectionRange(start, end);
  };
  return html`<section aria-labelledby="data">
    <h2 id="data">What it says</h2>
    <div class="editor">
      <textarea
        ref=${field}
        class="code"
        aria-labelledby="data"
        aria-describedby="problems"
        aria-invalid=${problems.length > 0}
        spellcheck=${false}
        readonly=${!canChange || !isOpen}
        rows=${Math.min(28, Math.max(8, text.split('\n').length + 1))}
        value=${text}
        onInput=${({ target }) => setText(target.value)}
      />
      <${Problems} ...${{ problems, isChecking, onShow: show }} />
    </div>
    ${isOpen && html`<${Buttons} ...${{ one, read, problems, isChanged: text !== editable(answer), onDone }} />`}
  </section>`;
}

/** What is wrong with it, as the server says; checked while one types. */
function useProblems(event, read, first, isUnchanged) {
  const [known, setKnown] = useState({ problems: first, isChecking: false });
  const { data, fault } = read;
  useEffect(() => {
    if (fault) return setKnown({ problems: [fault], isChecking: false });
    if (isUnchanged) return setKnown({ problems: first, isChecking: false });
    let isOver = false;
    const check = async () => {
      const { problems } = await post('/api/quarantine/check', checkable(event, data));
      if (!isOver) setKnown({ problems, isChecking: false });
    };
    setKnown((old) => ({ ...old, isChecking: true }));
    const timer = setTimeout(() => void check().catch(() => undefined), CHECK_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [fault?.message ?? JSON.stringify(data), isUnchanged, event]);
  return known;
}

/** A body that could not be read at all is written as a whole: event, data and company. */
function checkable(event, written) {
  if (event !== null) return { event, data: written };
  const { event: name, data, companyId } = written ?? {};
  return { event: String(name ?? ''), data, ...(typeof companyId === 'string' && { companyId }) };
}

function Problems({ problems, isChecking, onShow }) {
  return html`<div class="problems" id="problems" role="status" aria-live="polite" aria-busy=${isChecking}>
    ${
      problems.length === 0 &&
      html`<p class="good"><span aria-hidden="true">✓ </span>${isChecking ? 'Checking…' : 'This can be read.'}</p>`
    }
    <ul>
      ${problems.map(
        ({ path, message }) => html`<li key=${path + message}>
          ${
            path
              ? html`<button type="button" class="plain" title="Show it in the text" onClick=${() => onShow(path)}>
                <code>${path}</code>
              </button>`
              : html`<code>the text</code>`
          }
          <span>${message}</span>
        </li>`,
      )}
    </ul>
  </div>`;
}

function Buttons({ one, read, problems, isChanged, onDone }) {
  if (!useCanChange()) return null;
  const correct = one.actions.find(({ asks }) => asks.includes('data'));
  const others = one.actions.filter((action) => action !== correct);
  const corrected = {
    ...correct,
    label: 'Run as corrected',
    does: 'Runs the event with the data as it is written here.',
  };
  const run = () => openAction(one, corrected, onDone, { data: read.data });
  return html`<div class="actions">
    ${
      correct &&
      html`<button type="button" class="primary" disabled=${problems.length > 0 || !isChanged} onClick=${run}>
      Run as corrected
    </button>`
    }
    ${others.map(
      (action) =>
        html`<button
          type="button"
          key=${action.label}
          class=${action.message === 'discard' ? 'danger' : ''}
          title=${action.does}
          onClick=${() => openAction(one, action, onDone)}
        >
          ${action.label}
        </button>`,
    )}
  </div>`;
}
