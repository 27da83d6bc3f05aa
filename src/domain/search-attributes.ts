/**
 * What Temporal can search our workflows by, as Temporal's `SearchAttributeKey`. Registered by `mt dev` and `mt setup`:
 * Temporal refuses a start that names an unregistered one.
 */
export const searchAttributes = {
  event: { name: 'MindtickleEvent', type: 'KEYWORD' },
  userId: { name: 'MindtickleUserId', type: 'KEYWORD' },
  phase: { name: 'MindticklePhase', type: 'KEYWORD' },
  deadline: { name: 'MindtickleDeadline', type: 'DATETIME' },
  /** A `Needs`; absent while it works. */
  needs: { name: 'MindtickleNeeds', type: 'KEYWORD' },
  /** A `Cause`; absent where nobody is needed. */
  cause: { name: 'MindtickleCause', type: 'KEYWORD' },
} as const;

/** The memo of what a case at rest needs, which a list call returns: a `ListedRest`. It counts only with `needs`. */
export const LISTED_REST = 'mindtickle';

/** SQL visibility stores cut a Keyword off at 255 characters, and Postgres accepts no NUL. */
const KEYWORD = /^[^\p{Cc}\p{Cs}]{1,255}$/u;

/** Whether every store keeps this value as it is. Any other is left out: it must not stop the start, and is in the body. */
export function isKeyword(value: string | null | undefined): value is string {
  return typeof value === 'string' && KEYWORD.test(value);
}
