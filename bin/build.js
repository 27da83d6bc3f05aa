#!/usr/bin/env node
'use strict';
// Compiles into a folder beside dist/ and puts it in place by renaming: a build that is killed leaves dist/ as it was.
// Types are checked by `npm run check`; here they are only stripped, which is twenty times as quick.
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { basename, dirname, join, relative } = require('node:path');
const { withLock } = require('./lock');
const { fingerprint, sourceFiles } = require('./sources');

const root = dirname(__dirname);
const dist = join(root, 'dist');
const STAMP = 'build.json';
const BUNDLE = 'workflow-bundle.js';

/** What the build in `folder` was made of: `{ sources, bundle }`; absent or half-written is undefined. */
function readStamp(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, STAMP), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether dist/ is there and made of the sources as they are now. Without sources (an installed package) it always is. */
function isFresh() {
  const stamp = readStamp(dist);
  return stamp !== undefined && (!existsSync(join(root, 'src')) || stamp.sources === fingerprint(root));
}

function compile(into) {
  const { transformFileSync } = require('@swc/core');
  for (const path of sourceFiles(root)) {
    const target = join(into, path.replace(/\.ts$/, '.js'));
    const { code, map } = transformFileSync(join(root, path), {
      swcrc: false,
      sourceMaps: true,
      // As seen from dist/, where the file ends up.
      sourceFileName: relative(dirname(join(dist, path)), join(root, path)),
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      // `import()` stays what it is: some of our packages are ES modules, which `require` cannot load.
      module: { type: 'commonjs', ignoreDynamic: true },
    });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, `${code}//# sourceMappingURL=${basename(target)}.map\n`);
    writeFileSync(`${target}.map`, map);
  }
}

/** One string for what the bundle is made of: workflow code may import src/domain and the workflow SDK, nothing else. */
function bundleInputs(compiled) {
  const hash = createHash('sha256').update(require('@temporalio/worker/package.json').version);
  for (const path of sourceFiles(root)) {
    if (!/^(workflows|src\/domain)\//.test(path)) continue;
    hash.update(`${path}\n`).update(readFileSync(join(compiled, path.replace(/\.ts$/, '.js'))));
  }
  return hash.digest('hex');
}

async function bundle(compiled) {
  const { bundleWorkflowCode } = require('@temporalio/worker');
  const quiet = () => undefined;
  const complain = (message) => process.stderr.write(`${message}\n`);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(compiled, 'workflows', 'index.js'),
    logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: complain, error: complain },
  });
  writeFileSync(join(compiled, BUNDLE), relocate(code, basename(compiled)));
}

/** The bundle names its modules by path, in stack traces too: let it be dist/, not the folder `from` that it was made in. */
function relocate(code, from) {
  const marker = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';
  const [body, map] = code.split(marker);
  const moved = body.replaceAll(from, 'dist');
  if (map === undefined) return moved;
  const movedMap = Buffer.from(map, 'base64').toString('utf8').replaceAll(from, 'dist');
  return `${moved}${marker}${Buffer.from(movedMap, 'utf8').toString('base64')}`;
}

function removeLeftovers() {
  for (const name of readdirSync(root)) {
    if (/^dist\.(tmp|old)-\d+$/.test(name)) rmSync(join(root, name), { recursive: true, force: true });
  }
}

function swapIn(fresh) {
  const old = `${dist}.old-${process.pid}`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

async function build() {
  removeLeftovers();
  const fresh = `${dist}.tmp-${process.pid}`;
  try {
    // Taken before reading, so that a file saved meanwhile makes this build stale.
    const sources = fingerprint(root);
    compile(fresh);
    const inputs = bundleInputs(fresh);
    if (readStamp(dist)?.bundle === inputs && existsSync(join(dist, BUNDLE))) {
      writeFileSync(join(fresh, BUNDLE), readFileSync(join(dist, BUNDLE)));
    } else await bundle(fresh);
    writeFileSync(join(fresh, STAMP), JSON.stringify({ sources, bundle: inputs }));
    swapIn(fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function main() {
  process.chdir(root); // the bundler names modules relative to it
  const onlyIfStale = process.argv.includes('--if-stale');
  const started = Date.now();
  await withLock(`${dist}.lock`, async () => {
    if (onlyIfStale && isFresh()) return; // another process built it while we waited
    await build();
    process.stderr.write(`built dist/ in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  });
}

function reason(error) {
  const message = String(error.message ?? error);
  if (error.code === 'MODULE_NOT_FOUND') return `${message.split('\n')[0]}: run \`npm ci\` first`;
  // The compiler adds the stack of its own machine code to what it says about ours.
  return message.split('\n\n\nCaused by:')[0].trim();
}

module.exports = { isFresh };

if (require.main === module) {
  main().catch((error) => {
    process.stderr.write(`the build failed: ${reason(error)}\n`);
    process.exitCode = 1;
  });
}
