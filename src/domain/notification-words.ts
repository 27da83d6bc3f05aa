import {
  CAUSE_ADVICE,
  SHARED_CAUSES,
  type DigestCase,
  type Notification,
  type NotificationKind,
  type NotificationOf,
} from './notifications';
import type { Line, Readers, Words } from './notification-form';
import { webhookWords } from './webhook-words';
import { writtenTime } from './written-time';

/** What a notification says. An empty line begins a paragraph. */
export function wordsOf(notification: Notification, readers: Readers): Words {
  const write = WORDS[notification.kind] as (of: Notification, readers: Readers) => Words;
  return write(notification, readers);
}

const WORDS: { readonly [Kind in NotificationKind]: (of: NotificationOf<Kind>, readers: Readers) => Words } = {
  recertify: ({ certName, deadline }, { timeZone }) => ({
    subject: `Renew your certificate: ${certName}`,
    lines: [
      `Your certificate "${certName}" has expired.`,
      `Please renew it by ${writtenTime(deadline, timeZone)}.`,
      'Access that depends on it ends then.',
    ],
  }),
  'recertify-report': ({ certName, deadline, userId }, readers) => ({
    subject: `A certificate of your team has to be renewed: ${certName}`,
    lines: [
      `The certificate "${certName}" of ${nameOf(userId, readers)} has expired.`,
      `It is to be renewed by ${writtenTime(deadline, readers.timeZone)}. The learner is reminded before.`,
    ],
  }),
  remind: ({ certName, deadline, daysLeft }, { timeZone }) => ({
    subject: `${daysLeft} day${daysLeft === 1 ? '' : 's'} left to renew: ${certName}`,
    lines: [`Your certificate "${certName}" has to be renewed by ${writtenTime(deadline, timeZone)}.`],
  }),
  lapsed: ({ certName, userId, graceEnds }, readers) => ({
    subject: `Not renewed in time: ${certName}`,
    lines: [
      `The certificate "${certName}" of ${nameOf(userId, readers)} was not renewed by its deadline.`,
      `Access that depends on it has ended. A late renewal is accepted until ${writtenTime(graceEnds, readers.timeZone)}.`,
    ],
  }),
  coach: ({ quizName, userId, percent }, readers) => ({
    subject: `Coaching needed: ${quizName}`,
    lines: [
      `${nameOf(userId, readers)} ${percent === null ? 'did not pass' : `reached ${Math.round(percent)} % in`} the quiz "${quizName}".`,
      'Please coach them, or have them retake the quiz.',
    ],
  }),
  welcome: ({ role }) => ({
    subject: 'Welcome: your enablement program is ready',
    lines: [`Your program${role === null ? '' : ` for ${role}`} is open in MindTickle.`],
  }),
  moved: ({ role }) => ({
    subject: 'Your enablement program has changed',
    lines: [`Your program${role === null ? '' : ` for ${role}`} is open in MindTickle.`],
  }),
  nudge: ({ userId, forManager }, readers) => ({
    subject: forManager ? 'A new hire has not started yet' : 'Your enablement program waits for you',
    lines: [
      forManager
        ? `${nameOf(userId, readers)} has not taken a first step in the program.`
        : 'You have not taken a first step yet. It is open in MindTickle.',
    ],
  }),
  certificate: ({ courseName }) => ({
    subject: `Your certificate: ${courseName}`,
    lines: [`Congratulations on completing "${courseName}".`],
  }),
  offboarded: ({ userId, report }, readers) => ({
    subject: `Offboarded: ${userId}`,
    lines: [`What was done for ${nameOf(userId, readers)}:`, '', ...report],
  }),
  escalation: ({ about, reason, workflowId, since, waitingFor, due }, readers) => ({
    subject: `Escalated: ${about}`,
    lines: [
      `${about} needs your attention.`,
      `Reason: ${reason}`,
      ...personLine(readers),
      ...(waitingFor === null ? [] : [`It waits for: ${waitingFor}`]),
      `Since: ${writtenTime(since, readers.timeZone)}`,
      `By itself: ${ahead(due, null, readers)}`,
      ...linksTo(workflowId, readers),
    ],
  }),
  parked: (parked, readers) => ({
    subject: `Stuck: ${parked.about}`,
    lines: [
      `${parked.about} is parked at the step "${parked.title}" (${parked.step}).`,
      `Cause: ${parked.why}`,
      ...personLine(readers),
      `Since: ${writtenTime(parked.since, readers.timeZone)}`,
      `By itself: ${ahead(parked.due, parked.meanwhile, readers)}`,
      '',
      ...[adviceOn(parked.cause)].filter((advice) => advice !== undefined),
      'When the cause is fixed, try the step again:',
      command(parked.workflowId, readers, 'retryStep', { step: parked.step, by: 'you' }),
      'Or go on without the step:',
      command(parked.workflowId, readers, 'skipStep', { step: parked.step, reason: 'why', by: 'you' }),
      ...linksTo(parked.workflowId, readers),
      ...(parked.cause === undefined ? [] : OTHERS),
    ],
  }),
  quarantined: ({ event, why, workflowId, since, corrected }, readers) => ({
    subject: `Quarantined, and it may be a leaver: ${event ?? 'an unreadable delivery'}`,
    lines: [
      'A delivery of MindTickle cannot be acted on. It may be about a person who has left and still has access.',
      `Event: ${event ?? 'not readable'}`,
      `Cause: ${why}`,
      ...personLine(readers),
      `Since: ${writtenTime(since, readers.timeZone)}`,
      'By itself: nothing. It waits for a person.',
      '',
      'Run it again as it is:',
      command(workflowId, readers, 'redrive', { by: 'you' }),
      'Or corrected, with the words in capitals filled in; a longer one may be in a file: --input-file corrected.json',
      command(workflowId, readers, 'redrive', { by: 'you', data: corrected }),
      'Or throw it away:',
      command(workflowId, readers, 'discard', { by: 'you', reason: 'why' }),
      ...linksTo(workflowId, readers),
    ],
  }),
  digest: ({ cause, cases, more }, readers) => ({
    subject: `${cases.length + more} ${cases.length + more === 1 ? 'waits' : 'wait'} for the same cause: ${cause}`,
    lines: [
      `These wait for a person, all for the same cause: ${cause}`,
      adviceOn(cause) ?? 'When the cause is fixed, send retryStep to each.',
      '',
      ...cases.map((one) => caseLine(one, readers)),
      ...(more > 0 ? [`- and ${more} more`] : []),
      '',
      cause === SHARED_CAUSES.quarantined
        ? `All in quarantine: ${ALL_QUARANTINED}`
        : `All that are parked: ${ALL_PARKED}`,
      ...(readers.opsUrl === undefined ? [] : [{ label: 'Dashboard', url: readers.opsUrl }]),
      ...(readers.uiUrl === undefined ? [] : [{ label: 'Temporal Web UI', url: pageOf(undefined, readers) }]),
    ],
  }),
  webhook: webhookWords,
};

const ALL_PARKED = `temporal workflow list --query "MindticklePhase = 'parked'"`;
const ALL_QUARANTINED = `temporal workflow list --query "WorkflowType = 'quarantine' AND MindticklePhase = 'waiting'"`;

const OTHERS: readonly Line[] = [
  '',
  'Others may be parked for the same cause. One message an hour names them all.',
  `All that are parked: ${ALL_PARKED}`,
];

function nameOf(userId: string, { person }: Readers): string {
  return person === undefined ? userId : `${person} (${userId})`;
}

function personLine({ person }: Readers): readonly Line[] {
  return person === undefined ? [] : [`Person: ${person}`];
}

function ahead(due: { at: string; next: string | null } | null, meanwhile: string | null, readers: Readers): string {
  const then = due && `${writtenTime(due.at, readers.timeZone)}: ${due.next ?? 'it is due'}.`;
  return [meanwhile, then].filter((each) => each !== null).join(' ') || 'nothing. It waits for a person.';
}

/** A cause may be called `constructor`. */
function adviceOn(cause: string | undefined): string | undefined {
  return cause !== undefined && Object.hasOwn(CAUSE_ADVICE, cause) ? CAUSE_ADVICE[cause] : undefined;
}

function caseLine({ about, step, workflowId, since }: DigestCase, { timeZone }: Readers): string {
  return `- ${about}: ${step}, since ${writtenTime(since, timeZone)} (workflow ${workflowId})`;
}

function command(workflowId: string, { namespace }: Readers, update: string, input: object): string {
  const where = namespace === 'default' ? '' : ` -n ${namespace}`;
  return `temporal workflow update execute${where} -w ${quoted(workflowId)} --name ${update} --input ${quoted(JSON.stringify(input))}`;
}

/** For a shell: in single quotes nothing else has a meaning. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function linksTo(workflowId: string, readers: Readers): readonly Line[] {
  return [
    ...(readers.uiUrl === undefined ? [] : [{ label: 'Its page', url: pageOf(workflowId, readers) }]),
    ...(readers.opsUrl === undefined ? [] : [{ label: 'Dashboard', url: readers.opsUrl }]),
    `Workflow: ${workflowId}`,
  ];
}

function pageOf(workflowId: string | undefined, { uiUrl = '', namespace }: Readers): string {
  const list = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return workflowId === undefined ? list : `${list}/${encodeURIComponent(workflowId)}`;
}
