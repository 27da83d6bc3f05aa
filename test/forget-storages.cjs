'use strict';
/**
 * Each file of a test run loads packages anew, and each of their AsyncLocalStorages stays enabled when the file is over:
 * every promise of the process visits all of them. After forty, an `await` takes sixty times as long (measured, Node.js 20).
 * So before a file begins, those of the files before it are disabled.
 */
const { AsyncLocalStorage } = require('node:async_hooks');

const USED = Symbol.for('storages of the files before');
const { prototype } = AsyncLocalStorage;

function rememberUsed() {
  const used = new Set();
  for (const name of ['run', 'enterWith']) {
    const call = prototype[name];
    prototype[name] = function remembered(...args) {
      used.add(this);
      return call.apply(this, args);
    };
  }
  return used;
}

prototype[USED] ??= rememberUsed();
for (const storage of prototype[USED]) storage.disable();
prototype[USED].clear();
