/** What `mt workflows` prints for people. */

interface ShownCase {
  readonly workflowId: string;
  readonly phase: string | null;
  readonly deadline: string | null;
  readonly sentence: string;
  readonly actions: readonly {
    readonly message: string;
    readonly does: string;
    readonly args: { readonly step?: string };
  }[];
  readonly webUi: string | null;
}

export interface Cases {
  readonly cases: readonly ShownCase[];
  readonly total?: number;
  readonly next?: string | null;
}

export interface Shown {
  readonly case: ShownCase;
  readonly stateProblem: string | null;
  readonly state: {
    readonly steps: readonly { step: string; title: string; status: string; detail: string | null; at: string }[];
    readonly history: readonly { at: string; what: string; by: string; reason: string | null }[];
  } | null;
}

export interface BulkProgress {
  readonly total: number;
  readonly state: 'running' | 'done' | 'stopped';
  readonly results: readonly { readonly workflowId: string; readonly ok: boolean; readonly detail: string }[];
}

export function describeCases({ cases, total, next }: Cases): readonly string[] {
  const lines = cases.map(({ workflowId, phase, sentence }) => `${workflowId}  ${phase ?? 'ended'}  ${sentence}`);
  if (total === undefined) return lines;
  return [
    ...lines,
    next === null || next === undefined ? `${total} in all` : `${cases.length} of ${total}; --limit shows more`,
  ];
}

export function describeShown({ case: shown, state, stateProblem }: Shown): readonly string[] {
  return [
    shown.sentence,
    ...(shown.deadline === null ? [] : [`Deadline: ${shown.deadline}`]),
    ...(stateProblem === null ? [] : [`No state: ${stateProblem}`]),
    ...section(
      'Steps',
      (state?.steps ?? []).map(
        ({ step, title, status, detail, at }) =>
          `${at} ${title} (${step}): ${status}${detail === null ? '' : `, ${detail}`}`,
      ),
    ),
    ...section(
      'History',
      (state?.history ?? []).map(
        ({ at, what, by, reason }) => `${at} ${what}, by ${by}${reason === null ? '' : `: ${reason}`}`,
      ),
    ),
    ...section(
      'Possible now',
      shown.actions.map(
        ({ message, does, args }) => `${message}${args.step === undefined ? '' : ` (step ${args.step})`}: ${does}`,
      ),
    ),
    ...(shown.webUi === null ? [] : ['', shown.webUi]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}
