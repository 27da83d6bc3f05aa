import { SettingsError } from './error';

/** Base64 ends with `=` too. */
const ASSIGNMENT = /^(export\s+)?[A-Za-z_]\w*\s*(=\s*[^\s=]|:\s+\S)/;

/**
 * The lines of the file of setting `name`: without a byte order mark, comment lines (`#`), blank lines, and space around.
 * @throws SettingsError for a line that is no value but `NAME=value`, which would become part of a secret.
 */
export function linesOf(name: string, text: string): readonly string[] {
  return text.split('\n').flatMap((each, index) => {
    // The mark is white space to `trim`.
    const line = each.trim();
    if (line === '' || line.startsWith('#')) return [];
    if (ASSIGNMENT.test(line))
      throw new SettingsError([
        `${name}_FILE: line ${index + 1} of the file is NAME=value; write the value alone, one a line where several are possible`,
      ]);
    return [line];
  });
}
