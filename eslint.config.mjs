import js from '@eslint/js';
import jest from 'eslint-plugin-jest';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const nodeBuiltIns = {
  group: ['node:*', 'fs', 'path', 'crypto', 'http', 'os', 'child_process'],
  message: 'Pure code: no Node built-ins here.',
};
const clock = [
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: 'Pass `now` as an argument.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Pass `now` as an argument.' },
];

const duration = {
  selector:
    "BinaryExpression[operator=/^(-|<|>|<=|>=)$/] > CallExpression[callee.object.name='Date'][callee.property.name='now']",
  message: 'The wall clock may be set back: measure durations by performance.now().',
};

const LIMITS = {
  'max-lines': ['error', { max: 200, skipBlankLines: true, skipComments: true }],
  'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
  complexity: ['error', 10],
};

export default tseslint.config(
  { ignores: ['dist/', 'dist.*/', 'node_modules/', '.data/', 'coverage/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      'no-console': 'error',
      ...LIMITS,
    },
  },
  { files: ['src/cli.ts', 'src/commands/**'], rules: { 'no-console': 'off' } },
  {
    files: ['workflows/**/*.ts', 'src/domain/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [nodeBuiltIns] }] },
  },
  { files: ['src/**/*.ts', 'activities/**/*.ts'], rules: { 'no-restricted-syntax': ['error', duration] } },
  { files: ['src/domain/**/*.ts'], rules: { 'no-restricted-syntax': ['error', ...clock] } },
  {
    files: ['test/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*'] }],
      'jest/no-standalone-expect': 'off',
      'jest/valid-title': ['error', { mustNotMatch: { test: ['^should '], it: ['^should '] } }],
    },
  },
  {
    // A suite for many subjects: its tests are called from elsewhere, and what is expected stands in tables.
    files: ['test/activities/conformance/**/*.ts'],
    rules: {
      'jest/no-export': 'off',
      'jest/no-conditional-expect': 'off',
      'jest/expect-expect': ['error', { assertFunctionNames: ['expect*', 'suite.expect*'] }],
      'jest/valid-title': ['error', { ignoreTypeOfDescribeName: true, mustNotMatch: { test: ['^should '] } }],
    },
  },
  {
    files: ['src/operations/page/static/**/*.js'],
    languageOptions: { sourceType: 'module', globals: globals.browser },
    rules: LIMITS,
  },
  { files: ['bench/servers/*.mjs'], languageOptions: { sourceType: 'module', globals: globals.node } },
  {
    files: ['bin/**/*.js', '.ci/*.js', '*.cjs', 'test/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
  },
);
