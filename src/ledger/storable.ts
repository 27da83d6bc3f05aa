/** What Postgres refuses for ever in a text and in JSON: NUL, and half a surrogate pair, which UTF-8 cannot hold. */
const NOT_STORABLE = /\0|\p{Cs}/gu;

/** The text with U+FFFD for each character that Postgres refuses. */
export function storable(text: string): string {
  return text.replace(NOT_STORABLE, '\uFFFD');
}

/** JSON that a jsonb column takes, whatever texts are in it. Names of fields are ours and stay as they are. */
export function storableJson(value: unknown): string {
  return JSON.stringify(value, (_name, each: unknown) => (typeof each === 'string' ? storable(each) : each));
}
