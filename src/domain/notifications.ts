import { toHtml } from './letter-html';

/** The letters that we send. The facts come from the event, so lines are kept single. */
export type Notification =
  | { readonly kind: 'recertify'; readonly certName: string; readonly deadline: string }
  | { readonly kind: 'recertify-report'; readonly certName: string; readonly deadline: string; readonly userId: string }
  | { readonly kind: 'remind'; readonly certName: string; readonly deadline: string; readonly daysLeft: number }
  | { readonly kind: 'lapsed'; readonly certName: string; readonly userId: string; readonly graceEnds: string }
  | { readonly kind: 'coach'; readonly quizName: string; readonly userId: string; readonly percent: number | null }
  | { readonly kind: 'welcome'; readonly role: string }
  | { readonly kind: 'nudge'; readonly userId: string; readonly forManager: boolean }
  | { readonly kind: 'certificate'; readonly courseName: string }
  | { readonly kind: 'offboarded'; readonly userId: string; readonly report: readonly string[] }
  | { readonly kind: 'escalation'; readonly about: string; readonly reason: string; readonly workflowId: string }
  | {
      readonly kind: 'parked';
      readonly about: string;
      readonly step: string;
      readonly why: string;
      readonly workflowId: string;
      /** What may stop many processes alike: of those, one letter an hour tells. Absent: each tells. */
      readonly cause?: string;
    };

export interface RenderedNotification {
  readonly subject: string;
  readonly text: string;
  /** The same words as `text`. */
  readonly html: string;
}

/** Subject and text of a letter, plain and as HTML. Each is written in lines of ours, whatever line ends the event's titles hold. */
export function renderNotification(letter: Notification): RenderedNotification {
  const draft = write(letter);
  const lines = draft.lines.map(oneLine);
  const subject = Array.from(oneLine(draft.subject)).slice(0, 200).join('');
  return { subject, text: `${lines.join('\n')}\n`, html: toHtml(subject, lines) };
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

interface Draft {
  readonly subject: string;
  readonly lines: readonly string[];
}

function write(letter: Notification): Draft {
  switch (letter.kind) {
    case 'recertify':
    case 'recertify-report':
    case 'remind':
    case 'lapsed':
      return writeRecertification(letter);
    case 'escalation':
    case 'parked':
      return writeForOperators(letter);
    default:
      return writeForLearners(letter);
  }
}

function writeRecertification(
  letter: Notification & { kind: 'recertify' | 'recertify-report' | 'remind' | 'lapsed' },
): Draft {
  const { certName } = letter;
  switch (letter.kind) {
    case 'recertify':
      return {
        subject: `Renew your certificate: ${certName}`,
        lines: [`Your certificate "${certName}" has expired.`, `Please renew it by ${letter.deadline}.`],
      };
    case 'recertify-report':
      return {
        subject: `A certificate of your team has to be renewed: ${certName}`,
        lines: [
          `The certificate "${certName}" of ${letter.userId} has expired.`,
          `It is to be renewed by ${letter.deadline}.`,
        ],
      };
    case 'remind':
      return {
        subject: `${letter.daysLeft} day${letter.daysLeft === 1 ? '' : 's'} left to renew: ${certName}`,
        lines: [`Your certificate "${certName}" has to be renewed by ${letter.deadline}.`],
      };
    case 'lapsed':
      return {
        subject: `Not renewed in time: ${certName}`,
        lines: [
          `The certificate "${certName}" of ${letter.userId} was not renewed by its deadline.`,
          `Access that hangs on it has ended. A late renewal is taken until ${letter.graceEnds}.`,
        ],
      };
  }
}

type LearnerNotification = Notification & { kind: 'coach' | 'welcome' | 'nudge' | 'certificate' | 'offboarded' };

function writeForLearners(letter: LearnerNotification): Draft {
  switch (letter.kind) {
    case 'coach': {
      const result = letter.percent === null ? 'did not pass' : `reached ${Math.round(letter.percent)} % in`;
      return {
        subject: `Coaching needed: ${letter.quizName}`,
        lines: [
          `${letter.userId} ${result} the quiz "${letter.quizName}".`,
          'Please coach, or have the quiz taken again.',
        ],
      };
    }
    case 'welcome':
      return {
        subject: 'Welcome: your enablement program is ready',
        lines: [`Your program for ${letter.role} is open in MindTickle.`],
      };
    case 'nudge':
      return letter.forManager
        ? {
            subject: 'A new hire has not started yet',
            lines: [`${letter.userId} has not taken a first step in the program.`],
          }
        : {
            subject: 'Your enablement program waits for you',
            lines: ['You have not taken a first step yet. It is open in MindTickle.'],
          };
    case 'certificate':
      return {
        subject: `Your certificate: ${letter.courseName}`,
        lines: [`Congratulations on completing "${letter.courseName}".`],
      };
    case 'offboarded':
      return {
        subject: `Offboarded: ${letter.userId}`,
        lines: [`What was done for ${letter.userId}:`, '', ...letter.report],
      };
  }
}

const OTHERS = [
  '',
  'Others may be parked for the same reason; the next letter about it comes in an hour at the earliest.',
  `All that are parked: temporal workflow list --query "MindticklePhase = 'parked'"`,
];

function writeForOperators(letter: Notification & { kind: 'escalation' | 'parked' }): Draft {
  const where = `Workflow: ${letter.workflowId}`;
  return letter.kind === 'escalation'
    ? {
        subject: `Escalated: ${letter.about}`,
        lines: [`${letter.about} needs your attention.`, `Reason: ${letter.reason}`, where],
      }
    : {
        subject: `Stuck: ${letter.about}`,
        lines: [
          `${letter.about} is parked at the step "${letter.step}": ${letter.why}`,
          'Mend the cause and send retryStep, or send skipStep or cancel.',
          where,
          ...(letter.cause === undefined ? [] : OTHERS),
        ],
      };
}
