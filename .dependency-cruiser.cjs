/** The table of who may import whom (CONTRIBUTING.md, "Who may import whom"), as rules. */
const { readdirSync } = require('node:fs');
const { basename, join } = require('node:path');

const src = '^src/';
const worker = '^src/commands/worker/';
/** It asks the systems what the worker would ask them. */
const doctor = '^src/commands/doctor/';

const runTime = { dependencyTypesNot: ['type-only'] };
const typeOnly = { dependencyTypes: ['type-only'] };
const npm = (...names) => names.map((name) => `(^|/)node_modules/${name}/`);

/** Every folder of the code, as `src/receiver/spool`. */
function foldersIn(parent) {
  return readdirSync(join(__dirname, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [`${parent}/${name}`, ...foldersIn(`${parent}/${name}`)]);
}

/** What lies in these is loaded one by one, each file and folder by its own face. */
const shelves = ['src/commands', 'src/dev'];
const folders = ['src', 'workflows', 'activities'].flatMap(foldersIn).filter((folder) => !shelves.includes(folder));

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Types included: shared types stand below those that use them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...folders.map((folder) => ({
      name: 'folder-face',
      comment: "A folder's public face is its index.ts, or the file of its own name.",
      severity: 'error',
      from: { pathNot: `^${folder}/` },
      to: { path: `^${folder}/`, pathNot: `^${folder}/(index|${basename(folder)})\\.ts$` },
    })),
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency',
      comment: 'What ships may not need a devDependency at run time.',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'domain-is-pure',
      comment: 'src/domain decides: at run time it imports itself alone; events as types.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: ['^src/domain/'], ...runTime },
    },
    {
      name: 'domain-types',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: ['^src/domain/', '^src/events/'], ...typeOnly },
    },
    {
      name: 'events-are-schemas',
      comment: 'src/events imports itself and zod.',
      severity: 'error',
      from: { path: '^src/events/' },
      to: { pathNot: ['^src/events/', ...npm('zod')] },
    },
    {
      name: 'workflows-run-time',
      comment: 'Workflow code runs in a sandbox: itself, src/domain and the workflow SDK.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: ['^workflows/', '^src/domain/', ...npm('@temporalio/workflow', '@temporalio/common')],
        ...runTime,
      },
    },
    {
      name: 'workflows-types',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: [
          '^workflows/',
          '^src/domain/',
          '^src/events/',
          '^activities/',
          ...npm('@temporalio/workflow', '@temporalio/common'),
        ],
        ...typeOnly,
      },
    },
    {
      name: 'activities-run-time',
      comment: 'Activities: themselves, src/domain, src/ledger, src/pdf, the activity SDK, and vendor SDKs (npm).',
      severity: 'error',
      from: { path: '^activities/' },
      to: {
        path: ['^src/', '^workflows/', '^bin/'],
        pathNot: ['^src/domain/', '^src/ledger/', '^src/pdf/'],
        ...runTime,
      },
    },
    {
      name: 'activities-no-other-temporal',
      severity: 'error',
      from: { path: '^activities/' },
      to: {
        path: '(^|/)node_modules/@temporalio/',
        pathNot: npm('@temporalio/activity', '@temporalio/common'),
        ...runTime,
      },
    },
    {
      name: 'src-knows-only-messages',
      comment: 'src meets the workflows in workflows/messages alone; the worker and the doctor compose the activities.',
      severity: 'error',
      from: { path: src, pathNot: [worker, doctor] },
      to: { path: ['^workflows/', '^activities/'], pathNot: '^workflows/messages\\.ts$', ...runTime },
    },
    {
      name: 'worker-loads-workflows-by-path',
      severity: 'error',
      from: { path: [worker, doctor] },
      to: { path: '^workflows/', pathNot: '^workflows/messages\\.ts$', ...runTime },
    },
    {
      name: 'worker-sdk-in-its-place',
      comment: 'The native worker SDK is loaded by the worker command and by src/temporal/connection alone.',
      severity: 'error',
      from: { path: src, pathNot: [worker, '^src/temporal/connection\\.ts$'] },
      to: { path: npm('@temporalio/(worker|workflow|activity)'), ...runTime },
    },
    ...['receiver', 'operations', 'webhooks', 'dev/stand-ins'].map((part) => ({
      name: `${basename(part)}-stands-alone`,
      comment: 'receiver, operations, webhooks and stand-ins do not import one another; commands compose.',
      severity: 'error',
      from: { path: `^src/${part}/` },
      to: { path: `^src/(receiver|operations|webhooks|dev/stand-ins|commands)/`, pathNot: `^src/${part}/` },
    })),
    {
      name: 'dev-is-not-production',
      comment: 'What only `mt dev` and tests need is imported by commands alone.',
      severity: 'error',
      from: { path: '^(src|workflows|activities)/', pathNot: ['^src/dev/', '^src/commands/', '^src/cli\\.ts$'] },
      to: { path: '^src/dev/' },
    },
    {
      name: 'commands-are-the-top',
      severity: 'error',
      from: { path: src, pathNot: ['^src/commands/', '^src/cli\\.ts$'] },
      to: { path: '^src/commands/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.d\\.ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // What a browser loads: it finds its modules by address.
    exclude: { path: '^src/operations/page/static/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
