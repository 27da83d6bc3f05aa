/** How a step shows what its activity answered. */

/** The status of a step by what came of it, and the detail that is shown with it. */
export type StepOutcome = readonly ['done' | 'would do' | 'skipped', string | null];

export function outcomeOf(result: unknown, isFinal: boolean): StepOutcome {
  const [status, detail]: StepOutcome = result === 'observed' ? ['would do', null] : doneOf(result);
  if (!isFinal || status === 'skipped') return [status, detail];
  return [status, [...(detail === null ? [] : [detail]), 'cannot be undone'].join('; ')];
}

/** What a connector says of its write, as the step's detail: words of ours, group names and digests. */
function doneOf(result: unknown): StepOutcome {
  if (typeof result === 'string') return wordOf(result);
  if (typeof result !== 'object' || result === null) return ['done', null];
  if ('change' in result && 'sessions' in result) return withSessions(result);
  return ['done', detailOf(result)];
}

function detailOf(result: object): string | null {
  if ('left' in result && Array.isArray(result.left)) return `left ${result.left.join(', ') || 'none'}`;
  if ('sha256' in result && typeof result.sha256 === 'string') return `SHA-256 ${result.sha256}`;
  return null;
}

function withSessions({ change, sessions }: { readonly change: unknown; readonly sessions: unknown }): StepOutcome {
  const [status, detail] = doneOf(change);
  return [status, [...(detail === null ? [] : [detail]), `sessions: ${String(sessions)}`].join('; ')];
}

function wordOf(word: string): StepOutcome {
  if (word === 'not configured' || word === 'not supported') return ['skipped', word];
  // Nothing was done to somebody whom the system does not know.
  if (word === 'absent') return ['skipped', 'not found'];
  return ['done', word === 'done' ? null : word];
}
