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

/** One sentence a fault, `<where>: <what is wrong>`. A secret's value is in none of them. */
export function explain(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join('.') || '(top level)'}: ${issue.message}`);
}
