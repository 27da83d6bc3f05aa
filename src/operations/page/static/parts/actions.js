/** Buttons that change something: each asks for what it needs, and says what it will do before it does. */
import { html, useState } from './html.js';
import { me, post } from './api.js';
import { announce } from './announce.js';
import { closeDialog, openDialog } from './dialog.js';
import { useStore } from './emitter.js';
import { argumentsOf, AskedField, Form } from './form.js';

/** Those that end or undo something. */
const DANGEROUS = new Set(['cancel', 'discard', 'skipStep']);

export const useCanChange = () => useStore(me)?.role === 'operator';

export const messagePath = (workflowId, message) =>
  `/api/workflows/${encodeURIComponent(workflowId)}/messages/${encodeURIComponent(message)}`;

/**
 * The buttons of one case. `correctAt`: where data is corrected, for actions that need more room than a dialog.
 * @param {{ of: { workflowId: string, sentence?: string, actions: object[] }, onDone?: () => void }} props
 */
export function Actions({ of: subject, onDone, correctAt }) {
  const canChange = useCanChange();
  const actions = subject.actions ?? [];
  if (!canChange || actions.length === 0) return null;
  return html`<div class="actions">
    ${actions.map((action) =>
      correctAt && action.asks.includes('data')
        ? html`<a class="button" key=${action.label} href=${correctAt} title=${action.does}>${action.label}</a>`
        : html`<button type="button" key=${action.label} title=${action.does} onClick=${() => openAction(subject, action, onDone)}>
            ${action.label}
          </button>`,
    )}
  </div>`;
}

/** The same in a table, where there is room for one button. */
export function Act({ of: subject, name, onDone, correctAt }) {
  const canChange = useCanChange();
  if (!canChange || !subject.actions?.length) return null;
  const choose = (action) => openAction(subject, action, onDone);
  const draw = () =>
    html`${subject.sentence && html`<p class="subject">${subject.sentence}</p>`}<ul class="choices">
      ${subject.actions.map(
        (action) => html`<li key=${action.label}>
          ${
            correctAt && action.asks.includes('data')
              ? html`<a class="button" href=${correctAt} onClick=${closeDialog}>${action.label}</a>`
              : html`<button type="button" onClick=${() => choose(action)}>${action.label}</button>`
          }
          <span>${action.does}</span>
        </li>`,
      )}
    </ul>`;
  return html`<button type="button" onClick=${() => openDialog(name, draw)}>Act…<span class="unseen"> ${name}</span></button>`;
}

export function openAction(subject, action, onDone, extra = {}) {
  openDialog(action.label, () => html`<${ActionForm} ...${{ subject, action, onDone, extra }} />`);
}

/** `crypto.randomUUID` is there only where the page came by TLS. */
const randomId = () => [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('-');

/** A reason is part of every change, whatever else it asks for. */
const asksOf = ({ asks }) => [...asks.filter((name) => name !== 'reason' && name !== 'data'), 'reason'];

function ActionForm({ subject, action, onDone, extra }) {
  const [values, setValues] = useState({});
  // Sent again after a lost answer, it is still one message.
  const [requestId] = useState(randomId);
  const asks = asksOf(action);
  const submit = async () => {
    const body = { ...action.args, ...extra, ...argumentsOf(asks, values), requestId };
    await post(messagePath(subject.workflowId, action.message), body);
    closeDialog();
    announce(`Done: ${action.label}.`);
    onDone?.();
  };
  return html`<${Form} submit=${action.label} isDangerous=${DANGEROUS.has(action.message)} onSubmit=${submit}>
    ${subject.sentence && html`<p class="subject">${subject.sentence}</p>`}
    <p class="does">${action.does}</p>
    ${asks.map(
      (name) =>
        html`<${AskedField}
          key=${name}
          name=${name}
          value=${values[name] ?? ''}
          onInput=${(value) => setValues((old) => ({ ...old, [name]: value }))}
        />`,
    )}
  <//>`;
}
