import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where the recorded histories lie: `<workflow type>/<scenario>.json`. */
export const historiesDirectory = join(__dirname, 'recorded');

/** `<workflow type>/<scenario>` of every recorded history. */
export function recordedHistories(): readonly string[] {
  return readdirSync(historiesDirectory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) =>
      readdirSync(join(historiesDirectory, name)).map((file) => `${name}/${file.replace(/\.json$/, '')}`),
    )
    .sort();
}
