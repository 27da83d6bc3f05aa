import { execFileSync, type StdioOptions } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** A program that we did not write, and how one comes by it. */
export interface Peer {
  /** As it is called in the table. */
  readonly name: string;
  readonly program: string;
  /** Names a program to run instead. */
  readonly variable: string;
  /** Where else it may lie. */
  readonly places?: readonly string[];
  readonly get?: { readonly go: string } | { readonly pip: string } | { readonly maven: string };
  /** Its package in Debian, where `get` has none. */
  readonly debian?: string;
  readonly version: (program: string) => string;
}

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'mindtickle-temporal', 'peers');
const venv = join(cache, 'python');

/** Keycloak of one version: its SCIM is a preview, and changes. */
const KEYCLOAK = '26.7.3';
const keycloakFolder = join(cache, `keycloak-${KEYCLOAK}`);

export const peers = {
  scim: {
    name: 'scim2-server',
    program: 'scim2-server',
    variable: 'SCIM2_SERVER_PATH',
    get: { pip: 'scim2-server' },
    version: (program) => pipVersion(program, 'scim2-server'),
  },
  keycloak: {
    name: 'Keycloak',
    program: 'kc.sh',
    variable: 'KEYCLOAK_PATH',
    places: [join(keycloakFolder, 'bin')],
    get: { maven: `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK}:tar.gz` },
    version: (program) => /[\d.]+/.exec(readFileSync(join(dirname(program), '..', 'version.txt'), 'utf8'))?.[0] ?? '',
  },
  xapi: {
    name: 'Ralph',
    program: 'ralph',
    variable: 'RALPH_PATH',
    get: { pip: 'ralph-malph[full]' },
    version: (program) => pipVersion(program, 'ralph-malph'),
  },
  s3: {
    name: 'versitygw',
    program: 'versitygw',
    variable: 'VERSITYGW_PATH',
    get: { go: 'github.com/versity/versitygw/cmd/versitygw' },
    version: goVersion,
  },
  mail: {
    name: 'mailpit',
    program: 'mailpit',
    variable: 'MAILPIT_PATH',
    get: { go: 'github.com/axllent/mailpit' },
    version: goVersion,
  },
  proxy: {
    name: 'toxiproxy',
    program: 'server',
    variable: 'TOXIPROXY_PATH',
    get: { go: 'github.com/Shopify/toxiproxy/v2/cmd/server' },
    version: goVersion,
  },
  postgres: {
    name: 'PostgreSQL',
    program: 'initdb',
    variable: 'INITDB_PATH',
    debian: 'postgresql-15',
    places: ['/usr/lib/postgresql/15/bin', '/usr/lib/postgresql/16/bin', '/usr/lib/postgresql/17/bin'],
    version: (program) =>
      output(program, '--version')
        .replace(/^.*\) /, '')
        .split(' ')[0] ?? '',
  },
  pgbouncer: {
    name: 'PgBouncer',
    program: 'pgbouncer',
    variable: 'PGBOUNCER_PATH',
    debian: 'pgbouncer',
    places: ['/usr/sbin'],
    version: (program) => /^PgBouncer (\S+)/m.exec(output(program, '--version'))?.[1] ?? 'unknown',
  },
} as const satisfies Readonly<Record<string, Peer>>;

/** Undefined when it is nowhere: in its variable, in our cache, in PATH (but for names that say too little). */
export function find({ program, variable, places = [] }: Peer): string | undefined {
  const inPath = program === 'server' ? [] : (process.env['PATH'] ?? '').split(delimiter);
  const folders = [join(cache, 'bin'), join(venv, 'bin'), ...places, ...inPath];
  return [process.env[variable] ?? '', ...folders.map((folder) => join(folder, program))].find(isProgram);
}

/** What a person types to have it. */
export function howToGet({ get, debian, variable, program }: Peer): string {
  if (get === undefined) return `apt-get install ${debian}, or set ${variable}`;
  return `npm run test:peers -- --install (${commandFor(get)}), or set ${variable} to ${program}`;
}

function commandFor(get: NonNullable<Peer['get']>): string {
  if ('go' in get) return `go install ${get.go}@latest`;
  return 'pip' in get ? `pip install ${get.pip}` : `Java 17 and mvn, for ${get.maven}`;
}

const QUIET: StdioOptions = ['ignore', 'ignore', 'inherit'];

/** Into our cache. One package at a time: a build of these takes minutes and much memory. @throws Error of the installer. */
export function install({ get }: Peer): void {
  if (get === undefined) return;
  mkdirSync(cache, { recursive: true });
  if ('go' in get) {
    const env = { ...process.env, GOBIN: join(cache, 'bin'), GOFLAGS: '-p=1' };
    execFileSync('go', ['install', `${get.go}@latest`], { env, stdio: QUIET });
  } else if ('maven' in get) {
    const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
    execFileSync('mvn', ['-q', plugin, `-Dartifact=${get.maven}`, `-DoutputDirectory=${cache}`], { stdio: QUIET });
    const [, name = '', version = '', type = ''] = get.maven.split(':');
    execFileSync('tar', ['xzf', join(cache, `${name}-${version}.${type}`), '-C', cache], { stdio: QUIET });
  } else {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: QUIET });
    execFileSync(join(venv, 'bin', 'pip'), ['install', '-q', get.pip], { stdio: QUIET });
  }
}

function isProgram(path: string): boolean {
  try {
    if (path !== '') accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}

function output(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

/** Of the module that it was built from: some ask the network for their own. */
function goVersion(program: string): string {
  return /^\tmod\t\S+\t(\S+)/m.exec(attempt(() => output('go', 'version', '-m', program)))?.[1] ?? 'unknown';
}

function pipVersion(program: string, name: string): string {
  return /^Version: (.*)$/m.exec(attempt(() => output(join(dirname(program), 'pip'), 'show', name)))?.[1] ?? 'unknown';
}

function attempt(ask: () => string): string {
  try {
    return ask();
  } catch {
    return '';
  }
}
