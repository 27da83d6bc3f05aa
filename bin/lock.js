'use strict';
const { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/** No build takes as long: what is older belonged to a process whose id is another's by now. */
const STALE_MS = 120_000;
/** How long its maker may take to write its id into it. */
const UNWRITTEN_MS = 5_000;
const POLL_MS = 100;

function tryLock(path) {
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(path, 'pid'), String(process.pid));
  return true;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The id in the lock; undefined while its maker has not written it, or was killed before it could. */
function ownerOf(path) {
  try {
    return Number(readFileSync(join(path, 'pid'), 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAbandoned(path) {
  let ageMs;
  try {
    ageMs = Date.now() - statSync(path).mtimeMs;
  } catch {
    return false; // given back meanwhile
  }
  const owner = ownerOf(path);
  return ageMs > STALE_MS || (owner === undefined ? ageMs > UNWRITTEN_MS : !isAlive(owner));
}

function breakLock(path) {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    // Another process may have broken it first, and hold its own by now: that one goes back.
    const owner = ownerOf(aside);
    if (owner !== undefined && isAlive(owner) && !isAbandoned(aside)) return renameSync(aside, path);
  } catch {
    return;
  }
  rmSync(aside, { recursive: true, force: true });
}

/** Run `action` while holding the lock directory `path`; waits for a living owner, takes over from a dead one. */
async function withLock(path, action) {
  while (!tryLock(path)) {
    if (isAbandoned(path)) breakLock(path);
    else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await action();
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

module.exports = { withLock };
