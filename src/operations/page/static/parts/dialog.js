/** One dialog at a time, above whatever the view shows; the browser gives the focus back when it closes. */
import { html, useEffect, useId, useRef } from './html.js';
import { createStore, useStore } from './emitter.js';
import { focusHeading } from './router.js';

const open = createStore(null);

/** Shows what `draw` returns, inside a dialog with that title. */
export function openDialog(title, draw, { isWide = false } = {}) {
  open.set({ title, draw, isWide });
}

export function closeDialog() {
  open.set(null);
}

export function DialogHost() {
  const shown = useStore(open);
  return shown && html`<${Dialog} key=${shown} ...${shown} onClose=${closeDialog} />`;
}

export function Dialog({ title, draw, isWide, onClose, isLocked = false }) {
  const element = useRef(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog.showModal();
    (dialog.querySelector('[autofocus], input, textarea, select') ?? dialog.querySelector('button'))?.focus();
    return () => {
      dialog.close();
      // The button that opened it may be gone: somebody has acted on its card.
      if (before?.isConnected) before.focus();
      else focusHeading();
    };
  }, []);
  return html`<dialog
    ref=${element}
    class=${isWide ? 'wide' : ''}
    aria-labelledby=${heading}
    onCancel=${(event) => {
      event.preventDefault();
      if (!isLocked) onClose();
    }}
  >
    <header>
      <h2 id=${heading}>${title}</h2>
      ${!isLocked && html`<button type="button" class="plain close" aria-label="Close" onClick=${onClose}>✕</button>`}
    </header>
    ${draw()}
  </dialog>`;
}
