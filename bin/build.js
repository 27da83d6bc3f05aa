#!/usr/bin/env node
'use strict';
// Builds in a folder beside dist/ and puts the result in place by renaming it: a build that is killed leaves dist/ as it
// was, and two builds at once do not disturb each other. Types are checked by `npm run check`; here they are only
// stripped, which is twenty times as fast.
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { basename, dirname, join, relative } = require('node:path');

const root = dirname(__dirname);
const dist = join(root, 'dist');
const STAMP = 'build.json';
const BUNDLE = 'workflow-bundle.js';
const OTHER_INPUTS = ['package.json', 'package-lock.json', 'tsconfig.json', 'bin/build.js'];

/** What dist/ was made of: `{ sources, bundle }`; empty when it is absent or was not built by us. */
function readStamp() {
  try {
    return JSON.parse(fs.readFileSync(join(dist, STAMP), 'utf8'));
  } catch {
    return {};
  }
}

/** Whether dist/ is made of the sources as they are now. In an installed package, which has none, it always is. */
function isFresh() {
  return fs.existsSync(join(root, 'src')) ? readStamp().sources === fingerprint() : fs.existsSync(dist);
}

/** The paths of all TypeScript files to compile, from the root, sorted. */
function sourceFiles() {
  return ['src', 'workflows', 'activities']
    .filter((folder) => fs.existsSync(join(root, folder)))
    .flatMap((folder) => fs.readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, path)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
    .sort();
}

/** What the operations page is made of: a browser loads it as it is. */
function pageFiles() {
  const folder = join('src', 'operations', 'page', 'static');
  if (!fs.existsSync(join(root, folder))) return [];
  const entries = fs.readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

/** Sizes and times, not contents, since every command checks it. A removed file, and an older time, change it too. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const path of [...sourceFiles(), ...pageFiles(), ...OTHER_INPUTS]) {
    const { size, mtimeMs } = fs.statSync(join(root, path), { throwIfNoEntry: false }) ?? {};
    hash.update(`${path}:${size}:${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Compile into `folder`. @returns a hash of what the workflow bundle is made of: its code imports nothing else. */
function compile(folder) {
  const { transformFileSync } = require('@swc/core');
  const bundleInputs = createHash('sha256').update(require('@temporalio/worker/package.json').version);
  for (const path of sourceFiles()) {
    const compiled = path.replace(/\.ts$/, '.js');
    const { code, map } = transformFileSync(join(root, path), {
      swcrc: false,
      sourceMaps: true,
      sourceFileName: relative(dirname(join(dist, path)), join(root, path)),
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      // `import()` stays what it is: some of our packages are ES modules, which `require` cannot load.
      module: { type: 'commonjs', ignoreDynamic: true },
    });
    fs.mkdirSync(dirname(join(folder, compiled)), { recursive: true });
    fs.writeFileSync(join(folder, compiled), `${code}//# sourceMappingURL=${basename(compiled)}.map\n`);
    fs.writeFileSync(join(folder, `${compiled}.map`), map);
    if (/^(workflows|src\/domain)\//.test(path)) bundleInputs.update(`${path}\n${code}`);
  }
  for (const path of pageFiles()) {
    fs.mkdirSync(dirname(join(folder, path)), { recursive: true });
    fs.copyFileSync(join(root, path), join(folder, path));
  }
  return bundleInputs.digest('hex');
}

async function bundle(folder) {
  const { bundleWorkflowCode } = require('@temporalio/worker');
  const ignore = () => undefined;
  const print = (message) => process.stderr.write(`${message}\n`);
  process.chdir(dirname(folder)); // the bundle names its modules relative to it: dist/…
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(folder, 'workflows', 'index.js'),
    logger: { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: print, error: print },
  });
  const mapStart = code.lastIndexOf('base64,') + 'base64,'.length;
  const map = Buffer.from(code.slice(mapStart), 'base64').toString();
  // Stack traces name files as they are once the folder is in place.
  const movedMap = Buffer.from(map.replaceAll(`${basename(dirname(folder))}/`, '')).toString('base64');
  fs.writeFileSync(join(folder, BUNDLE), `${code.slice(0, mapStart)}${movedMap}`);
}

/** Rename `built` to dist/, which another build may do at the same time: the last one wins. */
function replaceDist(built) {
  for (let isInPlace = false; !isInPlace;) {
    try {
      if (fs.existsSync(dist)) fs.renameSync(dist, join(dirname(built), `old-${performance.now()}`));
      fs.renameSync(built, dist);
      isInPlace = true;
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
    }
  }
}

/** What builds that were killed left behind. */
function removeLeftovers() {
  for (const name of fs.readdirSync(root)) {
    const pid = /^dist\.tmp-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) fs.rmSync(join(root, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function build() {
  const started = performance.now();
  removeLeftovers();
  const temporary = `${dist}.tmp-${process.pid}`;
  const folder = join(temporary, 'dist');
  try {
    // Read before the sources, so that a file that is saved meanwhile makes this build stale.
    const sources = fingerprint();
    const bundleInputs = compile(folder);
    if (readStamp().bundle === bundleInputs) fs.copyFileSync(join(dist, BUNDLE), join(folder, BUNDLE));
    else await bundle(folder);
    fs.writeFileSync(join(folder, STAMP), JSON.stringify({ sources, bundle: bundleInputs }));
    // Another build of the same sources may have been faster, and its files may be in use.
    if (readStamp().sources !== sources) replaceDist(folder);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  process.stderr.write(`built dist/ in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}

function explain(error) {
  const message = String(error.message ?? error);
  if (error.code === 'MODULE_NOT_FOUND') return `${message.split('\n')[0]}: run \`npm ci\` first`;
  // The compiler adds a stack of its own machine code.
  return message.split('\n\n\nCaused by:')[0].trim();
}

module.exports = { isFresh };

if (require.main === module && !(process.argv.includes('--if-stale') && isFresh()))
  build().catch((error) => {
    process.stderr.write(`the build failed: ${explain(error)}\n`);
    process.exitCode = 1;
  });
