import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the package, from the sources or from `dist/`. */
export function version(): string {
  const path = ['../../package.json', '../../../package.json'].map((each) => join(__dirname, each)).find(existsSync);
  return (JSON.parse(readFileSync(path ?? '', 'utf8')) as { version: string }).version;
}
