/** What an evidence file cannot know, said plainly. */
import type { LeaverCase } from './leaver-facts';
import { LEAVER_STEPS, type LeaverStepName } from './leaver-steps';

const NAMES: Readonly<Record<LeaverStepName, string>> = {
  signIn: 'sign-in (identity provider)',
  sessions: 'sessions (identity provider)',
  groups: 'groups (identity provider)',
  crm: 'CRM user',
  chat: 'chat account',
  archive: 'archive',
  deactivation: 'deactivation (identity provider)',
};

export function nameOfStep(name: LeaverStepName): string {
  return NAMES[name];
}

export function gapsOf(leaver: LeaverCase): readonly string[] {
  return [...gapsOfSources(leaver), ...gapsOfSteps(leaver)];
}

function gapsOfSources({ row, state }: LeaverCase): readonly string[] {
  const { receipt, isOpen, withdrawnBy } = row;
  const forgotten = state?.forgotten ?? 0;
  const gaps: readonly (readonly [boolean, string])[] = [
    [receipt === null, NO_RECEIPT],
    [state === undefined, `${isOpen ? NO_ANSWER : NO_FINAL}: ${ONLY_CHANGES}`],
    [isOpen, 'The offboarding is not over: make this file again after the deactivation.'],
    [withdrawnBy !== null, `The departure was taken back by ${withdrawnBy ?? ''}.`],
    [forgotten > 0, `${forgotten} entries of the history were dropped, because it had too many.`],
  ];
  return gaps.flatMap(([isSo, sentence]) => (isSo ? [sentence] : []));
}

const NO_RECEIPT =
  'The receipt of the event is no longer kept (RECEIPT_DAYS): when it came, its digests and how the offboarding ended are not known here, and the time of access is counted from leaving.';
const NO_ANSWER = 'The workflow did not answer when this file was made';
const NO_FINAL = 'The last state of the workflow is not kept';
const ONLY_CHANGES =
  'only the changes that the ledger has are listed. What was not found, skipped or decided is missing.';

function gapsOfSteps({ steps }: LeaverCase): readonly string[] {
  const named = (status: string): string =>
    LEAVER_STEPS.filter((name) => steps[name].status === status)
      .map(nameOfStep)
      .join(', ');
  const sentences: readonly (readonly [string, string])[] = [
    [named('off'), 'is not connected: nothing was ended there'],
    [
      named('notSupported'),
      'could not be ended, since the system has no call for it: what is open may live on until it expires',
    ],
    [named('wouldDo'), 'is only observed: nothing was ended there'],
    [named('notFound'), 'does not know the person by this id or address: an account under another one is not excluded'],
    [named('unknown'), 'has no record: whether it was off, not found or skipped is not known'],
  ];
  return sentences.flatMap(([names, sentence]) => (names === '' ? [] : [`${capitalised(names)}: ${sentence}.`]));
}

/** Of every file. */
export const LIMITS: readonly string[] = [
  'It says what was done until it was made. It does not look into the systems again: access that somebody gave back since does not show.',
  'Only the systems that are connected are covered.',
  'Who sent a message by Temporal’s own tools is what the sender claimed.',
  'The limit for access is that of the policy of today; a running offboarding keeps the policy with which it began.',
];

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
