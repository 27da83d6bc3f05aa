import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a recorded history is. */
export interface Recorded {
  readonly release: string;
  readonly workflow: string;
  readonly scenario: string;
}

const directory = join(__dirname, 'recorded');

export function fileOf({ release, workflow, scenario }: Recorded): string {
  return join(directory, release, workflow, `${scenario}.json`);
}

/** Every recorded history, `<release>/<workflow>/<scenario>.json`. */
export function recordedHistories(): readonly Recorded[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => {
      const [release = '', workflow = '', file = ''] = path.split('/');
      return { release, workflow, scenario: file.replace(/\.json$/, '') };
    });
}

export function readHistory(recorded: Recorded): string {
  return readFileSync(fileOf(recorded), 'utf8');
}
