// `node -r ./test/run-typescript.cjs <file>.ts`: runs TypeScript as Jest does, by stripping its types.
'use strict';
const { transformFileSync } = require('@swc/core');

const options = {
  swcrc: false,
  sourceMaps: 'inline',
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs', ignoreDynamic: true },
};

require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
process.setSourceMapsEnabled(true);
