/** Find a person by id or address, from any view: `/` goes there. */
import { html, useEffect, useId, useRef, useState } from './html.js';
import { get, withQuery } from './api.js';
import { go } from './router.js';

const SETTLE_MS = 150;

export function Search() {
  const field = useRef(null);
  const list = useId();
  const [text, setText] = useState('');
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const found = useFound(text);
  useSlash(field);
  const choose = (person) => {
    setText('');
    setOpen(false);
    go(`/learners/${encodeURIComponent(person.userId)}`);
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length > 0) {
      event.preventDefault();
      setActive((active + step + found.length) % found.length);
    } else if (event.key === 'Enter' && found[active]) choose(found[active]);
    else if (event.key === 'Escape') setOpen(false);
  };
  const isShown = isOpen && text.trim() !== '';
  return html`<div class="search" role="search">
    <input
      ref=${field}
      type="search"
      role="combobox"
      aria-label="Find a person by id or e-mail address"
      placeholder="Find a person   /"
      autocomplete="off"
      spellcheck=${false}
      aria-autocomplete="list"
      aria-expanded=${isShown}
      aria-controls=${list}
      aria-activedescendant=${isShown && found.length > 0 ? `${list}-${active}` : undefined}
      value=${text}
      onInput=${(event) => {
        setText(event.target.value);
        setActive(0);
        setOpen(true);
      }}
      onKeyDown=${onKeyDown}
      onBlur=${() => setOpen(false)}
    />
    <ul id=${list} role="listbox" aria-label="People" hidden=${!isShown || found.length === 0}>
      ${found.map(
        (person, index) =>
          html`<${Option}
            key=${person.userId}
            id=${`${list}-${index}`}
            person=${person}
            isActive=${index === active}
            onChoose=${() => choose(person)}
          />`,
      )}
    </ul>
    <p class="none" role="status">${isShown && found.isAnswered && found.length === 0 ? 'Nobody found.' : ''}</p>
  </div>`;
}

function Option({ id, person, isActive, onChoose }) {
  const keepFocus = (event) => event.preventDefault();
  return html`<li id=${id} role="option" aria-selected=${isActive} onMouseDown=${keepFocus} onClick=${onChoose}>
    <strong>${person.name}</strong> <span>${person.email ?? ''}</span> <code>${person.userId}</code>
  </li>`;
}

/** Who matches; with `isAnswered` once that is known for this text. */
function useFound(text) {
  const [found, setFound] = useState([]);
  useEffect(() => {
    const asking = new AbortController();
    setFound([]);
    const ask = async () => {
      const { learners } = await get(withQuery('/api/learners', { q: text.trim(), limit: 8 }), asking.signal);
      if (!asking.signal.aborted) setFound(Object.assign([...learners], { isAnswered: true }));
    };
    const timer = text.trim() === '' ? undefined : setTimeout(() => void ask().catch(() => undefined), SETTLE_MS);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [text]);
  return found;
}

function useSlash(field) {
  useEffect(() => {
    const onKey = (event) => {
      if (event.key !== '/' || event.target.closest('input, textarea, select, dialog')) return;
      event.preventDefault();
      field.current.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
