import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { System } from '../domain/policy';

const LARGEST_LOG_BYTES = 10 << 20;

/** Where everything lies in a data directory. */
export interface DataDir {
  readonly path: string;
  readonly lock: string;
  readonly devJson: string;
  /** The URL of the embedded ledger, with its password, while it runs. */
  readonly devLedger: string;
  readonly processes: string;
  readonly config: string;
  readonly secrets: string;
  readonly logs: string;
  readonly temporalDb: string;
  readonly standInsState: string;
  readonly archive: string;
  readonly ledger: string;
}

export function dataDirAt(path: string): DataDir {
  return {
    path,
    lock: join(path, 'dev.lock'),
    devJson: join(path, 'dev.json'),
    devLedger: join(path, 'dev.ledger.json'),
    processes: join(path, 'dev.processes.json'),
    config: join(path, 'config.yaml'),
    secrets: join(path, 'secrets.json'),
    logs: join(path, 'logs'),
    temporalDb: join(path, 'temporal', 'temporal.db'),
    standInsState: join(path, 'stand-ins', 'state.json'),
    archive: join(path, 'archive'),
    ledger: path,
  };
}

/**
 * Make the folders that are not there. The directory itself can be entered by everybody: PostgreSQL, which refuses to
 * run as root, lies in it and belongs to another user then. What holds personal data is closed.
 */
export function makeFolders(dir: DataDir): void {
  if (!existsSync(dir.path)) {
    mkdirSync(dir.path, { recursive: true });
    chmodSync(dir.path, 0o755);
  }
  for (const folder of [dir.logs, dir.archive, join(dir.path, 'temporal'), join(dir.path, 'stand-ins')]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
}

export function logFileOf(dir: DataDir, part: string): string {
  return join(dir.logs, `${part}.log`);
}

/** Before a start: a log that has grown large begins anew. */
export function limitLog(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGEST_LOG_BYTES) truncateSync(file);
}

/** The last lines that a part said, for a message about its end. */
export function lastLines(file: string, count = 5): readonly string[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text.trimEnd().split('\n').slice(-count).filter(Boolean).map(plainly);
}

/** A line of our own log as a person reads it: time, message, and what went wrong; any other line as it is. */
function plainly(line: string): string {
  try {
    const { time, msg, err, cause } = JSON.parse(line) as Partial<Record<'time' | 'msg' | 'cause', string>> & {
      err?: { message?: string };
    };
    const why = err?.message ?? cause;
    return `${time ?? ''} ${msg ?? ''}${why === undefined ? '' : `: ${why}`}`.trim();
  } catch {
    return line;
  }
}

/** Write so that a reader, and a kill in between, meets the whole old or the whole new file. */
export function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}

export interface DevSecrets {
  readonly webhookSecret: string;
  readonly standInsToken: string;
  /** Of an operator, on the private port. */
  readonly opsToken: string;
}

/** The secrets of this directory, each made at the first start that wants it. */
export function readSecrets(dir: DataDir): DevSecrets {
  const known = existsSync(dir.secrets) ? (JSON.parse(readFileSync(dir.secrets, 'utf8')) as Partial<DevSecrets>) : {};
  const made: DevSecrets = { webhookSecret: newSecret(), standInsToken: newSecret(), opsToken: newSecret(), ...known };
  if (Object.keys(known).length < Object.keys(made).length)
    writeWhole(dir.secrets, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

function newSecret(): string {
  return randomBytes(24).toString('hex');
}

const FIRST_CONFIG = `# What decides, in this data directory. Every field has a default; the documentation has them all.
# \`mt dev\` wrote this file once and will not touch it again.

# Told of everything that stops and needs a person. Required once a connector writes.
administrators:
  - admin@example.com

onboarding:
  # Whoever is provisioned with the role joins the groups in the identity provider.
  programs:
    - role: Account Executive
      groups: [Sales onboarding]
`;

/** The configuration that is used when the environment names none. */
export function ownConfig(dir: DataDir): string {
  if (!existsSync(dir.config)) writeWhole(dir.config, FIRST_CONFIG);
  return dir.config;
}

/** A copy of the configuration `source` in which `system` only observes. @returns its path. */
export function observingConfig(dir: DataDir, source: string, system: System): string {
  const document = parseDocument(readFileSync(source, 'utf8'));
  document.setIn(['connectors', system], 'observe');
  const path = join(dir.path, `config.${system}-observed.yaml`);
  writeWhole(path, `# Made from ${source} by \`mt dev --connect ${system}\`, at every start.\n${document.toString()}`);
  return path;
}
