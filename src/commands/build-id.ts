import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from './version';

/** Of this program: its version, and of which workflow code; workers name it to Temporal. */
export function buildId(): string {
  const bundle = join(__dirname, '../../workflow-bundle.js');
  if (!existsSync(bundle)) return version();
  return `${version()}+${createHash('sha256').update(readFileSync(bundle)).digest('hex').slice(0, 8)}`;
}
