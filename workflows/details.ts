import type { HistoryEntry, ProcessState, StepState } from './messages';

/** Long histories are the `state` query's; the page shows the newest. */
const SHOWN = 20;

/** The state as Markdown, for the workflow's page in Temporal Web UI: what it waits for, until when, what may be sent. */
export function describeState(title: string, messages: readonly string[], state: ProcessState): string {
  const { phase, outcome, waitingFor, deadline, steps, history } = state;
  return [
    `**${title}**`,
    '',
    `Phase: ${phase}${outcome === null ? '' : `, outcome: ${outcome}`}`,
    ...(waitingFor === null ? [] : [`Waits for: ${waitingFor}`]),
    ...(deadline === null ? [] : [`Until: ${deadline}`]),
    ...(outcome === null ? [`May be sent: ${messages.join(', ')}`] : []),
    ...(steps.length === 0 ? [] : ['', '**Steps**', '']),
    ...steps.map(describeStep),
    ...(history.length === 0 ? [] : ['', '**History**', '']),
    ...history.slice(-SHOWN).map(describeEntry),
  ].join('\n');
}

function describeStep({ name, status, detail }: StepState): string {
  return `- ${name}: ${status}${detail === null ? '' : ` (${detail})`}`;
}

function describeEntry({ at, what, by, reason }: HistoryEntry): string {
  return `- ${at} ${what}, by ${by}${reason === null ? '' : `: ${reason}`}`;
}
