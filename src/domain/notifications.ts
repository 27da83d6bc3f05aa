import { oneLine } from './names';

/** What each kind of notification says. The texts come from the event or a person. */
interface Kinds {
  recertify: { readonly certName: string; readonly deadline: string };
  'recertify-report': { readonly certName: string; readonly deadline: string; readonly userId: string };
  remind: { readonly certName: string; readonly deadline: string; readonly daysLeft: number };
  lapsed: { readonly certName: string; readonly userId: string; readonly graceEnds: string };
  coach: { readonly quizName: string; readonly userId: string; readonly percent: number | null };
  welcome: { readonly role: string | null };
  nudge: { readonly userId: string; readonly forManager: boolean };
  certificate: { readonly courseName: string };
  offboarded: { readonly userId: string; readonly report: readonly string[] };
  escalation: { readonly about: string; readonly reason: string; readonly workflowId: string };
  parked: {
    readonly about: string;
    /** Its key, as `retryStep` takes it. */
    readonly step: string;
    readonly title: string;
    readonly why: string;
    readonly workflowId: string;
    /** What may stop many workflows alike: of those, one notification an hour is sent. Absent: each is sent. */
    readonly cause?: string;
  };
}

/** The notifications that we send. A new one is a line in `Kinds`, its topic and its words in `WORDS`. */
export type Notification = { [Kind in keyof Kinds]: { readonly kind: Kind } & Kinds[Kind] }[keyof Kinds];

/** What a notification is about, in a few words: for the lists of what was sent. */
export const NOTIFICATION_TOPICS: Readonly<Record<keyof Kinds, string>> = {
  recertify: 'the certificate has to be renewed',
  'recertify-report': 'a certificate of the team has to be renewed',
  remind: 'a reminder to renew the certificate',
  lapsed: 'the certificate has lapsed',
  coach: 'coaching is needed',
  welcome: 'the program is open',
  nudge: 'the program was not started yet',
  certificate: 'the certificate is issued',
  offboarded: 'the report of the offboarding',
  escalation: 'an escalation',
  parked: 'a step is parked',
};

export interface RenderedNotification {
  readonly subject: string;
  readonly text: string;
  /** The same words as `text`. */
  readonly html: string;
}

interface Words {
  readonly subject: string;
  readonly lines: readonly string[];
}

const WORDS: { readonly [Kind in keyof Kinds]: (of: Kinds[Kind]) => Words } = {
  recertify: ({ certName, deadline }) => ({
    subject: `Renew your certificate: ${certName}`,
    lines: [`Your certificate "${certName}" has expired.`, `Please renew it by ${deadline}.`],
  }),
  'recertify-report': ({ certName, deadline, userId }) => ({
    subject: `A certificate of your team has to be renewed: ${certName}`,
    lines: [`The certificate "${certName}" of ${userId} has expired.`, `It is to be renewed by ${deadline}.`],
  }),
  remind: ({ certName, deadline, daysLeft }) => ({
    subject: `${daysLeft} day${daysLeft === 1 ? '' : 's'} left to renew: ${certName}`,
    lines: [`Your certificate "${certName}" has to be renewed by ${deadline}.`],
  }),
  lapsed: ({ certName, userId, graceEnds }) => ({
    subject: `Not renewed in time: ${certName}`,
    lines: [
      `The certificate "${certName}" of ${userId} was not renewed by its deadline.`,
      `Access that depends on it has ended. A late renewal is accepted until ${graceEnds}.`,
    ],
  }),
  coach: ({ quizName, userId, percent }) => ({
    subject: `Coaching needed: ${quizName}`,
    lines: [
      `${userId} ${percent === null ? 'did not pass' : `reached ${Math.round(percent)} % in`} the quiz "${quizName}".`,
      'Please coach them, or have them retake the quiz.',
    ],
  }),
  welcome: ({ role }) => ({
    subject: 'Welcome: your enablement program is ready',
    lines: [`Your program${role === null ? '' : ` for ${role}`} is open in MindTickle.`],
  }),
  nudge: ({ userId, forManager }) => ({
    subject: forManager ? 'A new hire has not started yet' : 'Your enablement program waits for you',
    lines: [
      forManager
        ? `${userId} has not taken a first step in the program.`
        : 'You have not taken a first step yet. It is open in MindTickle.',
    ],
  }),
  certificate: ({ courseName }) => ({
    subject: `Your certificate: ${courseName}`,
    lines: [`Congratulations on completing "${courseName}".`],
  }),
  offboarded: ({ userId, report }) => ({
    subject: `Offboarded: ${userId}`,
    lines: [`What was done for ${userId}:`, '', ...report],
  }),
  escalation: ({ about, reason, workflowId }) => ({
    subject: `Escalated: ${about}`,
    lines: [`${about} needs your attention.`, `Reason: ${reason}`, `Workflow: ${workflowId}`],
  }),
  parked: ({ about, step, title, why, workflowId, cause }) => ({
    subject: `Stuck: ${about}`,
    lines: [
      `${about} is parked at the step "${title}" (${step}): ${why}`,
      'Fix the cause and send retryStep, or send skipStep or cancel.',
      `Workflow: ${workflowId}`,
      ...(cause === undefined ? [] : OTHERS),
    ],
  }),
};

const OTHERS = [
  '',
  'Others may be parked for the same reason; the next notification about it comes in an hour at the earliest.',
  `All that are parked: temporal workflow list --query "MindticklePhase = 'parked'"`,
];

const MAX_SUBJECT_CHARACTERS = 200;

/** The notification as an e-mail. Each of our lines stays one line, whatever line ends the event's titles contain. */
export function renderNotification(notification: Notification): RenderedNotification {
  const write = WORDS[notification.kind] as (of: Notification) => Words;
  const words = write(notification);
  const lines = words.lines.map(oneLine);
  const subject = Array.from(oneLine(words.subject)).slice(0, MAX_SUBJECT_CHARACTERS).join('');
  return { subject, text: `${lines.join('\n')}\n`, html: toHtml(subject, lines) };
}

const STYLE = 'font-family: sans-serif; font-size: 16px; line-height: 1.5; max-width: 40em';

/** One small page. An empty line begins a paragraph. Every line is escaped; the page loads nothing and links to nothing. */
function toHtml(subject: string, lines: readonly string[]): string {
  const paragraphs = lines
    .join('\n')
    .split('\n\n')
    .map((paragraph) => `<p>${escape(paragraph).replaceAll('\n', '<br>\n')}</p>`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${escape(subject)}</title></head>`,
    `<body style="${STYLE}">`,
    ...paragraphs,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
