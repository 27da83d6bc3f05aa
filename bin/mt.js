#!/usr/bin/env node
'use strict';
// Plain JavaScript, so that `npx mt` works in a fresh clone: builds dist/ when it is absent or stale, then runs it.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { isFresh } = require('./build');

const entry = join(__dirname, '..', 'dist', 'src', 'cli.js');

/** In a process of its own, so that the bundler's memory is given back. It writes to stderr: stdout is the command's. */
function build() {
  process.stderr.write('building dist/ …\n');
  return (
    spawnSync(process.execPath, [join(__dirname, 'build.js'), '--if-stale'], { stdio: ['ignore', 2, 2] }).status === 0
  );
}

if (isFresh() || build()) require(entry).main(process.argv);
else {
  process.stderr.write(existsSync(entry) ? 'the sources have changed: fix them and try again\n' : 'nothing to run\n');
  process.exitCode = 1;
}
