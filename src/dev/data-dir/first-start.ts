import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { System } from '../../domain';
import { writeWhole, type DataDir } from './paths';

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

# Notified of everything that stops and needs a person. Required once a connector writes.
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
