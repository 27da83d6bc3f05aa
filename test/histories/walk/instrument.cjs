// A webpack loader: counters for each statement and branch of a TypeScript file, before its types are stripped.
'use strict';
const { createInstrumenter } = require('istanbul-lib-instrument');

const instrumenter = createInstrumenter({
  esModules: true,
  parserPlugins: ['typescript'],
  // A workflow's sandbox makes no code from strings.
  coverageGlobalScopeFunc: false,
  coverageGlobalScope: 'globalThis',
});

module.exports = function instrument(source) {
  const code = instrumenter.instrumentSync(source, this.resourcePath);
  this.getOptions().maps.set(this.resourcePath, instrumenter.lastFileCoverage());
  return code;
};
