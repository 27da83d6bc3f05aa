/** What no history can walk, or none has to: each with the reason. */
import { RELEASES } from '../../../src/domain';

export interface Exception {
  /** From `workflows/` on; absent: any file. */
  readonly file?: string;
  /** A part of the line; where `whole`, of the line that a function begins in. */
  readonly code: string;
  /** All that the function does. */
  readonly whole?: true;
  readonly why: string;
}

type Listed = (file: string, ...codes: readonly string[]) => readonly Exception[];

const whole =
  (why: string): Listed =>
  (file, ...codes) =>
    codes.map((code) => ({ file, code, whole: true, why }));

const line =
  (why: string): Listed =>
  (file, ...codes) =>
    codes.map((code) => ({ file, code, why }));

const validators = whole('a validator runs before an update is accepted, and never in a replay; it issues no command');

/** Texts for people: of another text comes no other command. */
const texts = whole('it makes a text for people; no command depends on it');
const text = line('it is a text for people, or a part of it that is missing; no command depends on it');

/** Such a history would be longer than all others together; `test/workflows/continue-as-new.test.ts` plays it. */
const inLongRuns = whole('it runs only in a run of two thousand events');
const inLongRun = line('it runs only in a run of two thousand events');

const types = line('the types ask for it; the value is always there');

const never = line('it fails the workflow task or the workflow: a fault of ours, which no history shows');

const releases: readonly string[] = RELEASES;

export const EXCEPTIONS: readonly Exception[] = [
  ...validators('process/decisions.ts', 'validator:', 'function validate(', 'function requireParked('),
  ...validators('process/people.ts', 'validator:'),
  ...validators('recertification/index.ts', 'validator:', 'function requireDeadlineAhead('),
  ...validators(
    'quarantine/index.ts',
    'validator:',
    'function requireFitting(',
    'const requireOpen',
    'const requireWaiting',
  ),
  ...validators('process/body.ts', 'export function bodyLength('),

  ...texts('process/failures.ts', 'export function whyFailed(', 'export function causeOf('),
  ...texts('process/rest.ts', 'function short('),
  ...texts('process/final-state.ts', 'export function finalStateOf('),
  ...texts(
    'process/step-outcome.ts',
    'export function outcomeOf(',
    'function doneOf(',
    'function withSessions(',
    'function wordOf(',
  ),
  ...texts('process/web-ui.ts', 'function describeNotified(', 'function asText('),
  ...texts('process/shared-account.ts', 'function questionOf('),
  ...texts('quarantine/redrive.ts', 'export function changedFields(', 'function differing('),
  ...texts('quarantine/alert.ts', 'function correctedOf(', 'function textOf('),
  ...text(
    'housekeeping.ts',
    "mode === 'on' ? 'Bring progress to Salesforce'",
    'Progress that Salesforce lacks',
    'Refused: ',
    'The rest is left',
  ),
  ...text('quiz-coaching.ts', 'named ?? quizId', 'detail ?? null'),
  ...text('process/state.ts', 'detail = null', 'current.next ?? undefined'),

  ...inLongRuns('process/continue-as-new.ts', 'function fits(', 'go: (checkpoint)', 'function carriedBy('),
  ...inLongRuns('process/continue-as-new.ts', 'function isAtRest(', 'function sizeOf('),
  ...inLongRun('process/continue-as-new.ts', 'isDue: (checkpoint) =>'),
  ...inLongRun(
    'process/process.ts',
    'if (!isWoken || until())',
    'if (checkpoint !== undefined && mayLeave()',
    'await continuing.go(',
  ),
  ...inLongRuns('process/signals.ts', 'function newest('),
  ...inLongRun('process/signals.ts', 'newest(seen)', 'seen.size > MAX_REMEMBERED'),
  ...inLongRun('process/state.ts', 'current.notified.length >= MAX_HISTORY'),
  ...inLongRuns('process/people.ts', 'snapshot: () => ('),
  ...inLongRun('process/sender.ts', 'count: () => count'),
  ...inLongRun('process/shared-account.ts', 'snapshot: () => [...decided]'),
  ...inLongRun('offboarding/rehire.ts', 'snapshot: () => ('),
  ...inLongRun('offboarding/index.ts', 'checkpoint: (deactivatesAt) =>', '() => checkpoint('),
  ...inLongRun('onboarding.ts', 'checkpoint: (): Checkpoint'),
  ...inLongRun('quiz-coaching.ts', 'checkpoint: (): Checkpoint'),
  ...inLongRun('quarantine/index.ts', 'const checkpoint = (): Checkpoint'),
  ...inLongRun('recertification/index.ts', 'checkpoint: (): Checkpoint'),

  ...types('process/steps.ts', 'pauseMs ?? 0', 'if (error instanceof ActivityFailure)'),
  ...types('process/decisions.ts', "made.get(step) ?? { kind: 'retry' }"),
  ...types('process/activity-proxies.ts', 'details ?? []'),
  ...types('process/failures.ts', 'details ?? []', "cause.type?.split('.') ?? []"),
  ...types('offboarding/access.ts', 'return ended ?? first;'),
  ...types('process/notifications.ts', '?? first;'),
  ...types('process/escalation-chain.ts', '(await fitOf(inLine('),
  ...types('recertification/index.ts', 'timeZone = DEFAULT_CALENDAR.timeZone'),

  ...types('process/sender.ts', "if (mode === 'off') return false;"),
  ...types('process/notifications.ts', 'if (!(await sender.sendBy('),
  ...types('process/digests.ts', "if (mode === 'off') return false;", "modes[route.system] ?? 'off'"),
  ...types('process/outbox.ts', 'let stop: () => unknown = () => undefined;'),
  ...never('process/event-intake.ts', 'if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;'),
  ...never('process/background.ts', 'if (!isCancellation(error)) throw error;'),
  ...never('process/people.ts', 'if (!isCancellation(error)) throw error;'),
  ...never('process/lifecycle.ts', 'if (!isCancellation(error)) throw error;'),
  ...never('process/event-intake.ts', "error.type !== 'ExternalWorkflowExecutionNotFound') throw error;"),
  ...never('process/internals.ts', 'if (run.policySnapshot === undefined) throw'),
  ...never('process/channels.ts', 'if (policy === undefined) return [];'),
  {
    code: 'if (isCancellation(error)) throw error;',
    why: 'a cancellation is passed on; what comes of it is walked where it arrives',
  },
  ...(releases.length > 1
    ? []
    : line('there is one release: no workflow began with another')('releases.ts', 'RELEASES.')),
];
