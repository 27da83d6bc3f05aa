import { useEffect, useState } from './html.js';

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
  useEffect(() => store.subscribe(() => draw({})), [store]);
  return store.get();
}
