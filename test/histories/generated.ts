/**
 * Scenarios that nobody has to write: each message in each wait of a workflow; each step parked, then retried, skipped or
 * cancelled. A new wait, message or step is an entry of a list.
 */
import type { Policy } from '../../src/domain';
import { dataOf } from '../events/deliveries';
import { inTurn } from '../workflows/fakes';
import { coached, discard, escalate, recertified as renew, redrive, retry, skip } from '../workflows/operator';
import type { ProcessState } from '../../workflows/messages';
import { heard } from '../workflows/world';
import {
  atRest,
  cancellationRequested,
  cancelled,
  deciding,
  done,
  everySystem,
  extendTo,
  fakesOf,
  identified,
  isWaiting,
  joined,
  malformed,
  parked,
  reaching,
  refusing,
  rehired,
  retaken,
  send,
  sendLast,
  sleep,
  sleepsIn,
  started,
  superseded,
  until,
  type Line,
  type Scenario,
} from './script';

/** Where a workflow waits, and how it comes there. What ends it comes last. */
interface Wait extends Scenario {
  readonly messages: Readonly<Record<string, Line>>;
}

/** Steps that run one after the other, or side by side, in one part of a workflow. */
interface Part {
  /** What leads there. */
  readonly before?: readonly Line[];
  readonly steps: readonly string[];
  /** What ends the workflow after it. */
  readonly after?: readonly Line[];
  /** A cancellation means nothing there. */
  readonly isUndo?: true;
}

type Scenarios = Readonly<Record<string, Scenario>>;

function eachMessage(waits: Readonly<Record<string, Wait>>, last: Line = cancelled): Scenarios {
  return Object.fromEntries(
    Object.entries(waits).flatMap(([wait, { messages, script = [], ...scenario }]) =>
      Object.entries(messages).map(([message, line]) => [
        `${message}-while-${wait}`,
        timed({ ...scenario, script: [...script, line, atRest, last] }),
      ]),
    ),
  );
}

const isParked = ({ steps }: ProcessState): boolean => steps.some(({ status }) => status === 'parked');

function timed(scenario: Scenario): Scenario {
  return { ...scenario, isTimeless: scenario.isTimeless ?? !sleepsIn(scenario.script ?? []) };
}

function eachStep(scenario: Scenario, parts: Readonly<Record<string, Part>>): Scenarios {
  const all = Object.entries(parts).flatMap(([name, { before = [], steps, after = [], isUndo }]) => {
    const decided = (how: string, decide: typeof retry): [string, Scenario] => [
      `${name}-each-step-${how}`,
      timed({
        ...scenario,
        fakes: () => ({ ...fakesOf(scenario), ...refusing(steps) }),
        script: [...before, until(isParked), deciding(decide), ...after],
      }),
    ];
    const cancelledAt = (step: string): [string, Scenario] => [
      `${name}-cancelled-at-${step}`,
      timed({
        ...scenario,
        fakes: () => ({ ...fakesOf(scenario), ...refusing([step]) }),
        script: [...before, reaching(step), cancelled],
      }),
    ];
    return [
      decided('retried', retry),
      decided('skipped', (handle, step) => skip(handle, step)),
      ...(isUndo === true ? [] : steps.map(cancelledAt)),
    ];
  });
  return Object.fromEntries(all);
}

const everybodyIsNotified = {
  modes: everySystem,
  policy: () =>
    ({ slack: { alertsChannel: '#ops', directMessages: true, userIdField: 'externalId' } }) as Partial<Policy>,
};

const common = {
  escalated: send(escalate),
  'escalated-to-somebody': send((handle) => escalate(handle, 'no answer', 'vera@example.com')),
  cancelled: cancelled,
  'cancelled-by-temporal': cancellationRequested,
};

// Recertification

const expired: Scenario = { event: 'certification.expired', days: 2, ...everybodyIsNotified };
const renewed = sendLast(renew);
const opened = [done('notifyManager'), done('markRequired')];
const lapsed = [...opened, sleep('3 days'), done('markLapsed'), done('notifyOfLapse')];
const ofRecertification = {
  ...common,
  superseded: superseded,
  recertified: renewed,
  extended: extendTo(90),
  malformed: malformed,
};

export const recertification: Scenarios = {
  ...eachMessage({
    'it-waits': { ...expired, script: opened, messages: ofRecertification },
    'it-has-lapsed': { ...expired, script: lapsed, messages: ofRecertification },
    'a-step-is-parked': {
      ...expired,
      fakes: () => refusing(['joinRecertificationRequired']),
      script: [parked('joinRecertificationRequired')],
      messages: ofRecertification,
    },
    'no-address-is-known': {
      ...expired,
      fakes: { findLearner: null },
      script: [parked('findAddress')],
      messages: { ...common, identified: identified },
    },
  }),
  ...eachStep(expired, {
    opening: {
      steps: ['joinRecertificationRequired', 'markRequired', 'notifyLearner', 'notifyManager'],
      after: [renewed],
    },
    lapsing: {
      before: [...opened, sleep('3 days')],
      steps: ['leaveCertified', 'markLapsed', 'notifyOfLapse'],
      after: [renewed],
    },
    'giving-back': {
      before: [...lapsed, extendTo(90)],
      steps: ['giveCertifiedBack', 'markRequired2'],
      after: [renewed],
    },
    closing: {
      before: [...opened, renewed],
      steps: ['joinCertified', 'markCertified', 'leaveRecertificationRequired'],
    },
    undoing: {
      before: [...lapsed, cancelled],
      steps: ['undoMarkLapsed', 'undoLeaveCertified', 'undoMarkRequired', 'undoJoinRecertificationRequired'],
      isUndo: true,
    },
  }),
};

// Offboarding

const leaver: Scenario = { event: 'user.deprovisioned', ...everybodyIsNotified };
const ofOffboarding = {
  ...common,
  joined: joined(),
  'rehired-for-sure': rehired('proven', '2026-11-28T10:00:00.000Z'),
  'rehired-perhaps': rehired('not proven'),
};
const untilDeactivation = [done('report'), isWaiting];

export const offboarding: Scenarios = {
  ...eachMessage({
    'it-waits-for-the-day': {
      ...leaver,
      times: { deprovisionedAt: 3 },
      script: [isWaiting],
      messages: ofOffboarding,
    },
    'access-ends': {
      ...leaver,
      fakes: () => refusing(['leaveGroups']),
      script: [parked('leaveGroups')],
      messages: ofOffboarding,
    },
    'it-waits-for-the-deactivation': { ...leaver, script: untilDeactivation, messages: ofOffboarding },
    'no-account-is-found': {
      ...leaver,
      fakes: () => ({
        freezeUser: inTurn('absent', 'done'),
        leaveGroups: 'absent',
        freezeCrmUser: 'absent',
        deactivateSlackUser: 'absent',
      }),
      script: [parked('findAccounts')],
      messages: { ...common, identified: identified },
    },
  }),
  ...eachStep(
    {
      ...leaver,
      fakes: () => ({ admitLeaver: inTurn(false, true), findSharers: inTurn<string[]>(['u2'], []) }),
      policy: (policy) => ({
        ...everybodyIsNotified.policy(),
        offboarding: { ...policy.offboarding, leaverReasons: ['resigned'] },
        protected: { users: ['u1'], groups: [] },
      }),
    },
    { guards: { steps: ['checkReason', 'checkProtected', 'checkLimit', 'sharedAccount'], after: [cancelled] } },
  ),
  ...eachStep(leaver, {
    ending: {
      steps: ['freeze', 'leaveGroups', 'freezeCrm', 'deactivateSlack', 'archive', 'leaveLateGroups', 'report'],
      after: [cancelled],
    },
    deactivating: { before: [...untilDeactivation, sleep('8 days')], steps: ['deactivate', 'finalReport'] },
    undoing: {
      before: [...untilDeactivation, cancelled],
      steps: ['undoLeaveLateGroups', 'undoDeactivateSlack', 'undoFreezeCrm', 'undoLeaveGroups', 'undoFreeze'],
      isUndo: true,
    },
  }),
};

// Onboarding

const hire: Scenario = {
  event: 'user.provisioned',
  modes: everySystem,
  policy: ({ onboarding: policy }) => ({
    ...everybodyIsNotified.policy(),
    onboarding: { ...policy, programs: [{ groups: ['Sales'] }] },
  }),
};
const ofOnboarding = { ...common, started: started, joined: joined() };
const moved = { ...hire, fakes: { findProgramGroups: ['Support'] } };

export const onboarding: Scenarios = {
  ...eachMessage({
    'it-waits': { ...hire, script: [done('welcome'), done('linkContact')], messages: ofOnboarding },
  }),
  ...eachStep(hire, {
    welcoming: { steps: ['joinProgram', 'linkContact', 'welcome'], after: [started] },
    nudging: { before: [done('welcome'), sleep('15 days')], steps: ['nudgeLearner', 'nudgeManager'] },
    undoing: { before: [done('welcome'), cancelled], steps: ['undoJoinProgram'], isUndo: true },
  }),
  ...eachStep(moved, {
    moving: {
      before: [done('welcome'), joined()],
      steps: ['leaveProgram', 'notifyOfMove'],
      after: [started],
    },
  }),
};

// Quiz coaching

const failedQuiz: Scenario = { event: 'quiz.submitted', ...everybodyIsNotified };
const ofCoaching = {
  ...common,
  coached: sendLast(coached),
  retaken: retaken,
  joined: joined('40 %'),
};

export const quizCoaching: Scenarios = {
  ...eachMessage({
    'it-waits': { ...failedQuiz, script: [done('notifyManager')], messages: ofCoaching },
    'nobody-is-left': {
      ...failedQuiz,
      script: [done('notifyManager'), sleep('60 days'), until(heard('nobody is left'))],
      messages: ofCoaching,
    },
  }),
  ...eachStep(failedQuiz, {
    coaching: {
      before: [atRest, sleep('9 days')],
      steps: ['notifyManager', 'notifyAdministrator'],
      after: [sendLast(coached)],
    },
  }),
};

// Course completion

const completed: Scenario = { event: 'course.completed', ...everybodyIsNotified };

export const courseCompletion: Scenarios = {
  ...eachMessage({
    'no-address-is-known': {
      ...completed,
      fakes: { findLearner: null },
      script: [parked('findAddress')],
      messages: { ...common, identified: identified },
    },
  }),
  ...eachStep(completed, {
    issuing: { steps: ['storeCertificate', 'storeStatement', 'recordTraining', 'notifyLearner'] },
  }),
};

// Quarantine

const discarded = sendLast(discard);
const ofQuarantine = {
  ...common,
  redriven: send((handle) => redrive(handle)),
  'redriven-as-corrected': send((handle) => redrive(handle, { data: dataOf('module.progress') })),
  discarded,
};

export const quarantine: Scenarios = eachMessage(
  {
    'it-waits': { event: 'unknown.event', script: [isWaiting], messages: ofQuarantine, run: 'first' },
    'it-may-be-a-leaver': {
      event: 'user.deactivated',
      ...everybodyIsNotified,
      script: [isWaiting],
      messages: ofQuarantine,
      run: 'first',
    },
    'it-contradicts-another': {
      event: 'module.progress',
      conflict: true,
      script: [isWaiting],
      messages: ofQuarantine,
      run: 'first',
    },
  },
  discarded,
);
