import type { z } from 'zod';

/** A setting is missing or malformed: the start stops with these sentences, each naming its setting, never its value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError' as const;
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

/** One sentence a fault, `<where>: <what is wrong>`; zod's messages name types and bounds, not values. */
export function explain(error: z.ZodError, source?: string): string[] {
  return error.issues.map((issue) => {
    const where = issue.path.join('.') || '(top level)';
    return `${source === undefined ? '' : `${source}: `}${where}: ${issue.message}`;
  });
}
