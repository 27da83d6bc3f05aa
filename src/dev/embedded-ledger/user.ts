import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

export const POSTGRES_USER = 'postgres';

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * As whom PostgreSQL runs. It refuses to run as root: then as whoever owns the data already, else as user `postgres`.
 * Undefined when that user is still to be made. An empty object: as ourselves.
 */
export function serverIds(clusterDir: string): Ids | Record<string, never> | undefined {
  if (!isRoot()) return {};
  const owner = statSync(clusterDir, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    return undefined;
  }
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, POSTGRES_USER], { encoding: 'utf8', stdio: 'pipe' }));
}

/** Make the system user `postgres`. @throws Error where there is no `useradd`. */
export function createPostgresUser(): void {
  const nowhere = ['--no-create-home', '--shell', '/bin/false'];
  const commands = [
    ['groupadd', '--system', POSTGRES_USER],
    ['useradd', '--system', '--gid', POSTGRES_USER, ...nowhere, POSTGRES_USER],
  ];
  for (const [command = '', ...args] of commands) execFileSync(command, args, { stdio: 'pipe' });
}
