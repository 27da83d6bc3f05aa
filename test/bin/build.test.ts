import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const repository = resolve(__dirname, '../..');

let root: string;

/** A small project around our bin/: a command line that prints `ran`, and one workflow. */
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'build-'));
  cpSync(join(repository, 'bin'), join(root, 'bin'), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  write('package.json', '{}');
  write('tsconfig.json', '{}');
  write('src/cli.ts', cliThatPrints('ran'));
  write('workflows/index.ts', 'export async function hello(): Promise<string> {\n  return "hello";\n}\n');
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

function cliThatPrints(word: string): string {
  return `export function main(argv: readonly string[]): void {\n  console.log('${word}', ...argv.slice(2));\n}\n`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function mt(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [join(root, 'bin', 'mt.js'), ...args], { encoding: 'utf8' });
}

function startBuild(): ReturnType<typeof spawn> {
  return spawn(process.execPath, [join(root, 'bin', 'build.js')], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** What builds made, and may leave behind. */
function builtFolders(): string[] {
  return readdirSync(root).filter((name) => name.startsWith('dist'));
}

describe('mt in a fresh clone', () => {
  test('builds first, keeps standard output for the command, and does not build again', () => {
    const first = mt('dev', '--json');
    expect(first).toMatchObject({ status: 0, stdout: 'ran dev --json\n' });
    expect(first.stderr).toContain('building dist/');
    expect(mt()).toMatchObject({ status: 0, stdout: 'ran\n', stderr: '' });
    expect(builtFolders()).toEqual(['dist']);
  });

  test('has the workflows as one file, which names them as they are in dist/', () => {
    const bundle = readFileSync(join(root, 'dist', 'workflow-bundle.js'), 'utf8');
    expect(bundle).toContain('hello');
    expect(bundle).toContain('dist/workflows/index.js');
    const map = Buffer.from(bundle.split('base64,').at(-1) ?? '', 'base64').toString();
    expect(map).toContain(`${root}/workflows/index.ts`);
    for (const text of [bundle, map]) expect(text).not.toContain('dist.tmp');
  });

  test('maps compiled code to its source', () => {
    const map = JSON.parse(readFileSync(join(root, 'dist', 'src', 'cli.js.map'), 'utf8')) as { sources: string[] };
    expect(map.sources).toEqual(['../../src/cli.ts']);
    expect(readFileSync(join(root, 'dist', 'src', 'cli.js'), 'utf8')).toContain('sourceMappingURL=cli.js.map');
  });
});

describe('mt after a change', () => {
  test('builds again, also when the changed file has an older time', () => {
    write('src/cli.ts', cliThatPrints('ran again'));
    const longAgo = new Date('2020-01-01');
    utimesSync(join(root, 'src/cli.ts'), longAgo, longAgo);
    expect(mt().stdout).toBe('ran again\n');
  });

  test('bundles the workflows again only when they have changed', () => {
    appendFileSync(join(root, 'dist/workflow-bundle.js'), '// as it was');
    write('src/cli.ts', cliThatPrints('ran again'));
    mt();
    expect(readFileSync(join(root, 'dist/workflow-bundle.js'), 'utf8')).toContain('// as it was');
    write('workflows/index.ts', 'export async function bye(): Promise<string> {\n  return "bye";\n}\n');
    mt();
    expect(readFileSync(join(root, 'dist/workflow-bundle.js'), 'utf8')).toContain('bye');
  });

  test('builds again without a file that was removed', () => {
    write('src/gone.ts', 'export const gone = 1;\n');
    mt();
    expect(existsSync(join(root, 'dist/src/gone.js'))).toBe(true);
    rmSync(join(root, 'src/gone.ts'));
    mt();
    expect(existsSync(join(root, 'dist/src/gone.js'))).toBe(false);
  });

  test('says in plain words what does not compile, and keeps the build that did', () => {
    write('src/broken.ts', 'export const broken = ;\n');
    const failed = mt();
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toContain('the build failed');
    expect(failed.stderr).toContain('src/broken.ts');
    expect(failed.stderr).not.toContain('    at ');
    rmSync(join(root, 'src/broken.ts'));
    expect(builtFolders()).toEqual(['dist']);
    expect(mt()).toMatchObject({ status: 0, stdout: 'ran again\n' });
  });

  test('runs what is there when it was installed without sources', () => {
    const installed = mkdtempSync(join(tmpdir(), 'installed-'));
    cpSync(join(root, 'bin'), join(installed, 'bin'), { recursive: true });
    cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
    const ran = spawnSync(process.execPath, [join(installed, 'bin', 'mt.js')], { encoding: 'utf8' });
    expect(ran).toMatchObject({ status: 0, stdout: 'ran again\n', stderr: '' });
    rmSync(installed, { recursive: true });
  });
});

describe('a build', () => {
  test('that is killed leaves the one before, and nothing that the next one does not remove', async () => {
    const before = readFileSync(join(root, 'dist/build.json'), 'utf8');
    write('src/more.ts', 'export const more = 1;\n');
    const build = startBuild();
    while (!builtFolders().some((name) => name.startsWith('dist.tmp'))) await delay(1);
    build.kill('SIGKILL');
    await once(build, 'exit');
    expect(readFileSync(join(root, 'dist/build.json'), 'utf8')).toBe(before);

    expect(mt()).toMatchObject({ status: 0, stdout: 'ran again\n' });
    expect(builtFolders()).toEqual(['dist']);
  });

  test('does not disturb another one, and both succeed', async () => {
    write('src/more.ts', 'export const more = 2;\n');
    const [one, other] = [startBuild(), startBuild()];
    const ends = await Promise.all([once(one, 'exit'), once(other, 'exit')]);
    expect(ends).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(builtFolders()).toEqual(['dist']);
    expect(mt()).toMatchObject({ status: 0, stdout: 'ran again\n', stderr: '' });
  });
});
