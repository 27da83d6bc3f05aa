export type Verdict = readonly ['done' | 'would do' | 'skipped', string | null];

/** How a write is shown. */
interface Shown {
  readonly does: string;
  readonly cannotBeUndone?: true;
}

/** The status of a step by what came of its write, and the detail that is shown with it. */
export function verdictOf(result: unknown, { does, cannotBeUndone }: Shown): Verdict {
  const [status, detail]: Verdict = result === 'observed' ? ['would do', does] : doneOf(result);
  if (cannotBeUndone !== true) return [status, detail];
  return [status, [...(detail === null ? [] : [detail]), 'cannot be undone'].join('; ')];
}

/** What a connector says of its write, as the step's detail: words of ours, group names and digests. */
function doneOf(result: unknown): Verdict {
  if (typeof result === 'string') return wordOf(result);
  if (typeof result !== 'object' || result === null) return ['done', null];
  if ('left' in result && Array.isArray(result.left)) return ['done', `left ${result.left.join(', ') || 'none'}`];
  if ('sha256' in result && typeof result.sha256 === 'string') return ['done', `SHA-256 ${result.sha256}`];
  return ['done', null];
}

function wordOf(word: string): Verdict {
  if (word === 'not configured') return ['skipped', word];
  return ['done', word === 'done' ? null : word];
}
