/** Characters that show nothing, such as U+200B, U+FE0F, a soft hyphen, and those that turn the direction of writing. */
const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;

/** Unicode's white space; `\s` knows a few more, and control characters separate as well. */
const SPACE = /[\s\p{White_Space}\p{Cc}]+/gu;

/** Most names: there is nothing to fold but the case. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/**
 * The same for all texts that a person reads as one name: however they are composed, in upper or lower case, full-width, with a
 * no-break space or two spaces, or with characters that show nothing. For keys; not to be shown.
 */
export function nameKey(name: string): string {
  if (PLAIN.test(name)) return name.toLowerCase();
  const folded = name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
  return folded.replace(UNSEEN, '').replace(SPACE, ' ').trim();
}

/** Names of certificates, courses, groups, teams and the like; an identifier is the same only when its characters are. */
export function sameName(one: string, other: string): boolean {
  return one === other || nameKey(one) === nameKey(other);
}

/** The value under the key that is the same name. */
export function byName<T>(values: Readonly<Record<string, T>>, name: string): T | undefined {
  // A name may be `constructor`.
  const key = Object.hasOwn(values, name) ? name : Object.keys(values).find((each) => sameName(each, name));
  return key === undefined ? undefined : values[key];
}

/** One line to be read: what turns the direction of writing is left out, since it would turn our words around as well. */
export function oneLine(text: string): string {
  return text
    .replace(/\p{Bidi_Control}+/gu, '')
    .replace(SPACE, ' ')
    .trim();
}
