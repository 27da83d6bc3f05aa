'use strict';
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

const folders = ['src', 'workflows', 'activities'];
const singles = ['package.json', 'package-lock.json', 'tsconfig.json', 'bin/build.js', 'bin/sources.js'];

/** Paths of all TypeScript files that are compiled, relative to `root`, sorted. */
function sourceFiles(root) {
  const found = [];
  const visit = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts')) found.push(path);
    }
  };
  for (const folder of folders) if (existsSync(join(root, folder))) visit(folder);
  return found.sort();
}

/**
 * One string for the state of everything that goes into dist/. Sizes and times, not contents: it is asked before every
 * command. A file that was removed, or restored with an older time, changes it too.
 */
function fingerprint(root) {
  const hash = createHash('sha256');
  for (const path of [...sourceFiles(root), ...singles.filter((single) => existsSync(join(root, single)))]) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path}:${size}:${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

module.exports = { sourceFiles, fingerprint };
