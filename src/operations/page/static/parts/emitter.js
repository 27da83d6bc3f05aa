import { useLayoutEffect, useState } from './html.js';

/** A value that parts of the page share. */
export function createStore(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set: (next) => {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value; draws again when it changes. */
export function useStore(store) {
  const [, draw] = useState({});
  // Before anything else can run: an effect waits for the browser to paint, and what is set until then would never be drawn.
  useLayoutEffect(() => store.subscribe(() => draw({})), [store]);
  return store.get();
}
