/** One message to many cases: count them, give the reason, watch the results, stop. */
import { html, useEffect, useState } from './html.js';
import { get, post, remove } from './api.js';
import { announce } from './announce.js';
import { caseHref, kindOf } from './case.js';
import { closeDialog, openDialog } from './dialog.js';
import { argumentsOf, AskedField, Form, Refusal } from './form.js';
import { onChange } from './live.js';
import { plural } from './time.js';

const LOOK_MS = 500;
const FIRST_SHOWN = 10;

/**
 * @param {{ title: string, does: string, message: string, args: object, filter: object, asks: string[], onDone?: () => void }} bulk
 */
export function openBulk(bulk) {
  openDialog(bulk.title, () => html`<${Bulk} bulk=${bulk} />`, { isWide: true });
}

function Bulk({ bulk }) {
  const [started, setStarted] = useState(null);
  if (started) return html`<${Progress} first=${started} bulk=${bulk} />`;
  return html`<${Ask} bulk=${bulk} onStarted=${setStarted} />`;
}

/** First what it would do, then the reason, in one form: the count is always that of what is asked for now. */
function Ask({ bulk, onStarted }) {
  const [values, setValues] = useState({});
  const [dryRun, setDryRun] = useState(null);
  const { does, message, filter } = bulk;
  const args = { ...bulk.args, ...argumentsOf(bulk.asks, values) };
  const isAsked = bulk.asks.every((name) => args[name]);
  const set = (name) => (value) => setValues((old) => ({ ...old, [name]: value }));
  const look = async () =>
    setDryRun(await post('/api/bulk', { message, args, filter, reason: 'Dry run', dryRun: true }));
  useEffect(() => {
    if (bulk.asks.length === 0) look().catch((problem) => setDryRun({ problem }));
  }, []);
  const doIt = async () =>
    onStarted(await post('/api/bulk', { message, args, filter, reason: values.reason.trim(), dryRun: false }));
  const isCounted = dryRun && !dryRun.problem;
  return html`<${Form}
    submit=${isCounted ? `${bulk.verb ?? 'Do it'} (${dryRun.matched})` : 'Count first'}
    isReady=${isAsked && !(isCounted && dryRun.matched === 0)}
    onSubmit=${async () => {
      await (isCounted ? doIt() : look());
    }}
  >
    <p class="does">${does}</p>
    ${bulk.asks.map(
      (name) =>
        html`<${AskedField} key=${name} name=${name} value=${values[name] ?? ''} onInput=${(value) => {
          setDryRun(null);
          set(name)(value);
        }} />`,
    )}
    ${dryRun?.problem && html`<${Refusal} problem=${dryRun.problem} />`}
    ${isCounted && html`<${Matched} dryRun=${dryRun} /><${AskedField} name="reason" takesFocus=${true} value=${values.reason ?? ''} onInput=${set('reason')} />`}
  <//>`;
}

function Matched({ dryRun: { total, matched, cases } }) {
  const shown = cases.slice(0, FIRST_SHOWN);
  return html`<div class="matched" role="status">
    <p><strong>${plural(matched, 'case')}</strong> of ${total} would be changed. Nothing is changed yet.</p>
    <ul>
      ${shown.map(
        (one) => html`<li key=${one.workflowId}>
          ${kindOf(one)}: <a href=${caseHref(one)} target="_blank">${one.person?.name ?? one.workflowId}</a> ${one.about ?? ''}
        </li>`,
      )}
    </ul>
    ${matched > shown.length && html`<p>and ${matched - shown.length} more</p>`}
  </div>`;
}

const WORDS = { running: 'Working', stopped: 'Stopped', done: 'Finished' };

function Progress({ first, bulk }) {
  const { run, problem } = useRun({ ...first, total: first.matched });
  const { state, total, done, failed, results } = run;
  const isRunning = state === 'running';
  useEffect(() => {
    if (isRunning) return;
    announce(`${done} of ${total} done, ${failed} failed.`);
    bulk.onDone?.();
  }, [isRunning]);
  return html`<div class="bulk">
    <label>
      ${WORDS[state]}: ${done} of ${total} done${failed > 0 && html`, <span class="bad">${failed} failed</span>`}
      <progress max=${total} value=${done + failed}></progress>
    </label>
    ${problem && html`<${Refusal} problem=${problem} />`}<${Failures} results=${results} />
    <footer>
      ${
        isRunning
          ? html`<button type="button" class="danger" onClick=${() => remove(runPath(first.bulkId))}>Stop</button>`
          : html`<button type="button" class="primary" onClick=${closeDialog}>Close</button>`
      }
    </footer>
  </div>`;
}

function Failures({ results }) {
  const failed = results.filter(({ ok }) => !ok);
  if (failed.length === 0) return null;
  return html`<ul class="failures" tabindex="0" aria-label="What failed">
    ${failed.map(({ workflowId, detail }) => html`<li key=${workflowId}><code>${workflowId}</code>: ${detail}</li>`)}
  </ul>`;
}

const runPath = (bulkId) => `/api/bulk/${encodeURIComponent(bulkId)}`;

/** How far it is: asked for again when the server says so, and now and then. */
function useRun({ bulkId, total }) {
  const [known, setKnown] = useState({
    run: { state: 'running', total, done: 0, failed: 0, results: [] },
    problem: null,
  });
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      try {
        const run = await get(runPath(bulkId));
        isOver ||= run.state !== 'running';
        setKnown({ run, problem: null });
      } catch (problem) {
        setKnown((old) => ({ ...old, problem }));
      }
    };
    const stop = onChange((topics) => isOver || (topics?.includes('bulk') && void look()));
    const timer = setInterval(() => isOver || void look(), LOOK_MS);
    void look();
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [bulkId]);
  return known;
}
