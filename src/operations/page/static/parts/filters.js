/** Filters of a view; each is part of its address. */
import { html, useEffect, useRef, useState } from './html.js';
import { setQuery, usePlace } from './router.js';

const SETTLE_MS = 250;

export function Filters({ children }) {
  return html`<form class="filters" role="search" aria-label="Filters" onSubmit=${(event) => event.preventDefault()}>
    ${children}
  </form>`;
}

/** Text that is looked for once one has stopped typing. */
export function TextFilter({ name, label, type = 'search', placeholder }) {
  const { query } = usePlace();
  const [text, setText] = useState(query.get(name) ?? '');
  const timer = useRef();
  useEffect(() => () => clearTimeout(timer.current), []);
  const change = (event) => {
    const { value } = event.target;
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setQuery({ [name]: value.trim() }), SETTLE_MS);
  };
  return html`<label>
    ${label}<input type=${type} value=${text} placeholder=${placeholder} autocomplete="off" onInput=${change} />
  </label>`;
}

export function DateFilter({ name, label }) {
  const { query } = usePlace();
  return html`<label>
    ${label}
    <input type="date" value=${query.get(name) ?? ''} onChange=${(event) => setQuery({ [name]: event.target.value })} />
  </label>`;
}

/** `options`: value and text of each; the first is what an address without it means. */
export function SelectFilter({ name, label, options }) {
  const { query } = usePlace();
  const here = query.get(name) ?? options[0][0];
  const change = (event) => setQuery({ [name]: event.target.value === options[0][0] ? '' : event.target.value });
  return html`<label>
    ${label}
    <select onChange=${change}>
      ${options.map(([value, text]) => html`<option key=${value} value=${value} selected=${value === here}>${text}</option>`)}
    </select>
  </label>`;
}

export function CheckFilter({ name, label }) {
  const { query } = usePlace();
  const isOn = query.get(name) === 'true';
  return html`<label class="check">
    <input type="checkbox" checked=${isOn} onChange=${() => setQuery({ [name]: isOn ? '' : 'true' })} /> ${label}
  </label>`;
}

/** Days of this computer's zone as moments: from the start of the first to the end of the last. */
export function periodOf(query) {
  const moment = (text, clock) => (text ? new Date(`${text}T${clock}`).toISOString() : undefined);
  return { from: moment(query.get('from'), '00:00:00'), to: moment(query.get('to'), '23:59:59.999') };
}
