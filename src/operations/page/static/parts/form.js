/** A form inside a dialog: fields, what was refused, and its buttons. */
import { html, useEffect, useId, useRef, useState } from './html.js';
import { closeDialog } from './dialog.js';

/** One labelled field. `hint` says what to write. */
export function Field({ label, hint, children, input }) {
  const id = useId();
  const describedBy = hint ? `${id}-hint` : undefined;
  return html`<div class="field">
    <label for=${id}>${label}</label>
    ${hint && html`<p class="hint" id=${describedBy}>${hint}</p>`} ${input(id, describedBy)} ${children}
  </div>`;
}

/** How each thing that an action can ask for is asked: its label, hint, and kind of field. */
const FIELDS = {
  reason: { label: 'Reason', hint: 'It is kept with the change, next to your name.', rows: 2 },
  note: { label: 'Note', hint: 'What was done.', rows: 3 },
  evidence: { label: 'Evidence', hint: 'For example a link to the certificate.', rows: 2 },
  to: {
    label: 'Notify',
    hint: 'An e-mail address. Empty: the next person in the escalation chain.',
    type: 'email',
    isOptional: true,
  },
  email: { label: 'E-mail address', hint: 'The address of this person.', type: 'email' },
  deadline: { label: 'New deadline', hint: 'The end of that day, in the time zone of this computer.', type: 'date' },
};

export function AskedField({ name, value, onInput, takesFocus = false }) {
  const { label, hint, rows, type, isOptional } = FIELDS[name] ?? { label: name, rows: 2 };
  const field = useRef(null);
  useEffect(() => takesFocus && field.current.focus(), []);
  const shared = { name, value, ref: field, required: !isOptional, onInput: (event) => onInput(event.target.value) };
  return html`<${Field}
    label=${isOptional ? `${label} (optional)` : label}
    hint=${hint}
    input=${(id, describedBy) =>
      rows
        ? html`<textarea id=${id} aria-describedby=${describedBy} rows=${rows} maxlength="2000" ...${shared} />`
        : html`<input id=${id} aria-describedby=${describedBy} type=${type} autocomplete="off" ...${shared} />`}
  />`;
}

/** What was typed, as the API takes it. A deadline is the end of that day. */
export function argumentsOf(asks, values) {
  const entries = asks.filter((name) => values[name]?.trim()).map((name) => [name, values[name].trim()]);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === 'deadline' ? new Date(`${value}T23:59:59`).toISOString() : value]),
  );
}

/**
 * A form that does one thing. What was typed stays when it is refused, and the reason is shown.
 * @param {{ submit: string, isDangerous?: boolean, onSubmit: () => Promise<void> }} props
 */
export function Form({ submit, isDangerous = false, onSubmit, children, isReady = true }) {
  const [state, setState] = useState({ isBusy: false, problem: null });
  const send = async (event) => {
    event.preventDefault();
    if (state.isBusy || !isReady) return;
    setState({ isBusy: true, problem: null });
    try {
      await onSubmit();
      setState({ isBusy: false, problem: null });
    } catch (problem) {
      setState({ isBusy: false, problem });
    }
  };
  return html`<form onSubmit=${send} aria-busy=${state.isBusy}>
    ${children} ${state.problem && html`<${Refusal} problem=${state.problem} />`}
    <footer>
      <button type="button" class="plain" onClick=${closeDialog}>Back</button>
      <button type="submit" class=${isDangerous ? 'danger' : 'primary'} disabled=${!isReady} aria-disabled=${state.isBusy}>
        ${state.isBusy ? 'One moment…' : submit}
      </button>
    </footer>
  </form>`;
}

const TITLES = { 0: 'No answer', 403: 'Not allowed', 404: 'It does not exist', 409: 'Not done', 503: 'Nobody answers' };

export function Refusal({ problem }) {
  return html`<div class="refusal" role="alert">
    <strong>${TITLES[problem.status] ?? 'Not done'}.</strong> ${problem.message}
  </div>`;
}
