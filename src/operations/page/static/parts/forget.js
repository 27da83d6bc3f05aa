/** A person's request to be erased: first what would be removed, then the reason, then it is done. */
import { html, useEffect, useState } from './html.js';
import { post } from './api.js';
import { closeDialog, openDialog } from './dialog.js';
import { AskedField, Form, Refusal } from './form.js';
import { plural } from './time.js';

export function openForget(person) {
  openDialog(`Forget ${person.name}`, () => html`<${Forget} person=${person} />`);
}

function Forget({ person }) {
  const path = `/api/learners/${encodeURIComponent(person.userId)}/forget`;
  const [answer, setAnswer] = useState(null);
  const [isDone, setDone] = useState(false);
  const [reason, setReason] = useState('');
  useEffect(() => {
    post(path, { reason: 'Dry run', dryRun: true }).then(setAnswer, (problem) => setAnswer({ problem }));
  }, [path]);
  const forget = async () => {
    setAnswer(await post(path, { reason: reason.trim(), dryRun: false }));
    setDone(true);
  };
  if (answer?.problem) return html`<div class="bulk"><${Refusal} problem=${answer.problem} /></div>`;
  if (answer === null) return html`<p class="waiting">Counting…</p>`;
  if (isDone)
    return html`<div class="bulk">
      <p role="status">It is done.</p>
      <${Removed} of=${answer} isDone=${true} />
      <footer><button type="button" class="primary" onClick=${closeDialog}>Close</button></footer>
    </div>`;
  return html`<${Form} submit="Forget this person" isDangerous=${true} onSubmit=${forget}>
    <${Removed} of=${answer} isDone=${false} />
    <p class="does">This cannot be undone.</p>
    <${AskedField} name="reason" takesFocus=${true} value=${reason} onInput=${setReason} />
  <//>`;
}

function Removed({ of: { rows, archive, temporal }, isDone }) {
  const tables = Object.entries(rows).filter(([, count]) => count > 0);
  return html`<div class="matched">
    <p>${isDone ? 'Removed' : 'Would be removed'} from the ledger:</p>
    <ul>
      ${tables.map(([table, count]) => html`<li key=${table}>${plural(count, 'row')} of ${table}</li>`)}
      ${tables.length === 0 && html`<li>nothing</li>`}
    </ul>
    <p>The archive: ${archive}</p>
    <p>Temporal: ${temporal}</p>
  </div>`;
}
