import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(__dirname, '..');

/** A file that breaks the rule, by the import that does it. */
const planted: readonly { readonly rule: string; readonly file: string; readonly line: string }[] = [
  { rule: 'domain-is-pure', file: 'src/domain/a.ts', line: "import '../ledger/ok';" },
  { rule: 'domain-is-pure', file: 'src/domain/b.ts', line: "import 'zod';" },
  {
    rule: 'domain-types',
    file: 'src/domain/c.ts',
    line: "import type { Ok } from '../ledger/ok'; export type C = Ok;",
  },
  { rule: 'events-are-schemas', file: 'src/events/a.ts', line: "import '../domain/ok';" },
  { rule: 'workflows-run-time', file: 'workflows/a.ts', line: "import '../activities/ok';" },
  { rule: 'workflows-run-time', file: 'workflows/b.ts', line: "import 'zod';" },
  { rule: 'workflows-run-time', file: 'workflows/c.ts', line: "import 'node:fs';" },
  {
    rule: 'workflows-types',
    file: 'workflows/d.ts',
    line: "import type { Ok } from '../src/ledger/ok'; export type D = Ok;",
  },
  { rule: 'activities-run-time', file: 'activities/a.ts', line: "import '../src/receiver/ok';" },
  { rule: 'activities-run-time', file: 'activities/b.ts', line: "import '../workflows/ok';" },
  { rule: 'activities-no-other-temporal', file: 'activities/c.ts', line: "import '@temporalio/client';" },
  { rule: 'src-knows-only-messages', file: 'src/temporal/a.ts', line: "import '../../workflows/ok';" },
  { rule: 'src-knows-only-messages', file: 'src/commands/a.ts', line: "import '../../activities/ok';" },
  {
    rule: 'worker-loads-workflows-by-path',
    file: 'src/commands/worker/index.ts',
    line: "import '../../../workflows/ok';",
  },
  { rule: 'worker-sdk-in-its-place', file: 'src/temporal/b.ts', line: "import '@temporalio/worker';" },
  { rule: 'receiver-stands-alone', file: 'src/receiver/a.ts', line: "import '../dev/stand-ins/ok';" },
  { rule: 'operations-stands-alone', file: 'src/operations/a.ts', line: "import '../receiver/ok';" },
  { rule: 'webhooks-stands-alone', file: 'src/webhooks/a.ts', line: "import '../operations/ok';" },
  { rule: 'stand-ins-stands-alone', file: 'src/dev/stand-ins/a.ts', line: "import '../../webhooks/ok';" },
  { rule: 'commands-are-the-top', file: 'src/ledger/a.ts', line: "import '../commands/ok';" },
  { rule: 'dev-is-not-production', file: 'src/ledger/g.ts', line: "import '../dev/ok';" },
  { rule: 'folder-face', file: 'src/temporal/c.ts', line: "import '../receiver/verify/ok';" },
  { rule: 'no-circular', file: 'src/ledger/h.ts', line: "import type { I } from './i';" },
  { rule: 'no-circular', file: 'src/ledger/b.ts', line: "import './c';" },
  { rule: 'no-unresolvable', file: 'src/ledger/d.ts', line: "import './nowhere';" },
  { rule: 'no-dev-dependency', file: 'src/ledger/e.ts', line: "import 'fast-check';" },
  { rule: 'no-orphans', file: 'src/ledger/f.ts', line: 'export const alone = 1;' },
];

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

let tree: string;
let violations: readonly Violation[];

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'mindtickle-imports-'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), `${text}\nexport {};\n`);
  };
  for (const folder of ['domain', 'ledger', 'receiver', 'receiver/verify', 'dev', 'operations', 'webhooks', 'commands'])
    write(`src/${folder}/ok.ts`, 'export interface Ok { readonly ok: true }');
  for (const folder of ['workflows', 'activities'])
    write(`${folder}/ok.ts`, 'export interface Ok { readonly ok: true }');
  write('src/dev/stand-ins/ok.ts', 'export const ok = true;');
  write('src/ledger/c.ts', "import './b';");
  write('src/ledger/i.ts', "import type { H } from './h';");
  for (const { file, line } of planted) write(file, line);
  for (const file of ['package.json', 'tsconfig.json', 'node_modules']) symlinkSync(join(root, file), join(tree, file));
  violations = cruise();
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

/** depcruise exits with the number of errors: there are many. */
function cruise(): readonly Violation[] {
  const args = [
    '--config',
    join(root, '.dependency-cruiser.cjs'),
    '--output-type',
    'json',
    'src',
    'workflows',
    'activities',
  ];
  const bin = join(root, 'node_modules/.bin/depcruise');
  let json: string;
  try {
    json = execFileSync(bin, args, {
      cwd: tree,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    json = (error as { stdout: string }).stdout;
  }
  return (JSON.parse(json) as { summary: { violations: readonly Violation[] } }).summary.violations;
}

describe('the import rules', () => {
  test.each(planted)('$rule catches $file', ({ rule, file }) => {
    expect(violations.filter(({ from }) => from === file).map((violation) => violation.rule.name)).toContain(rule);
  });

  test('every rule of the configuration is planted', () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { forbidden } = require('../.dependency-cruiser.cjs') as { forbidden: readonly { name: string }[] };
    expect(new Set(planted.map(({ rule }) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  });
});
