/** Scenarios of what happens seldom: each is the only one that walks some line of `workflows/`. */
import { ApplicationFailure } from '@temporalio/common';
import { DAY, type Modes, type Policy } from '../../src/domain';
import { dataOf } from '../events/deliveries';
import { credentialsRefused, failing, inTurn, learner, recorded, rejected, type Recorded } from '../workflows/fakes';
import { cancel, coached, discard, escalate, recertified as renew, redrive } from '../workflows/operator';
import { heard } from '../workflows/world';
import {
  atRest,
  cancelled,
  cancellationRequested,
  done,
  everySystem,
  extendTo,
  isWaiting,
  joined,
  ledgerFailsOnce,
  observing,
  parked,
  refused,
  refusing,
  rehired,
  retried,
  send,
  sendLast,
  skipped,
  sleep,
  started,
  superseded,
  until,
  type Scenario,
} from './script';

type Scenarios = Readonly<Record<string, Scenario>>;

const isTimeless = true;
const allModes = (mode: 'observe' | 'off'): Partial<Modes> =>
  Object.fromEntries(['identity', 'mail', 'archive', 'salesforce', 'slack', 'xapi'].map((system) => [system, mode]));
const toChat = (policy: Partial<Policy> = {}): Partial<Policy> => ({
  ...policy,
  slack: { alertsChannel: '#ops', directMessages: true, userIdField: 'externalId' },
});
const observed = { modes: allModes('observe'), fakes: observing, isTimeless };
const nothingIsOn = { modes: allModes('off'), isTimeless };
/** Whoever runs it goes on in another way than by an answer. */
const unanswered = () => undefined;

const before = { settledBy: { signal: 'cancel', eventId: 'd1', reason: 'left the company' } } as const;
const ended = (by?: string) => ({
  recordEvent: {
    outcome: 'duplicate',
    first: 'e0',
    ended: { how: 'terminated', by: by ?? null, reason: null },
  } as const,
});
const unnamedManager = learner({ managerEmail: null });
const twoAdministrators = (): Partial<Policy> => ({
  administrators: ['admin@example.com', 'rita@example.com', 'ADMIN@example.com'],
});

const ledgerIsAway = () =>
  ledgerFailsOnce('recordEvent', 'findLearner', 'findSharers', 'findUnfit', 'closeWorkflow', 'admitLeaver');

const expired: Scenario = { event: 'certification.expired', days: 2 };

export const recertification: Scenarios = {
  'observed-only': { ...expired, ...observed, script: [isWaiting, atRest, sendLast(renew)] },
  'with-nothing-on': { ...expired, ...nothingIsOn, script: [isWaiting, atRest, sendLast(renew)] },
  'while-the-ledger-is-away': {
    ...expired,
    isTimeless,
    fakes: ledgerIsAway,
    script: [done('notifyManager'), atRest, sendLast(renew)],
  },
  'renewed-before-it-began': {
    ...expired,
    isTimeless,
    fakes: { recordEvent: recorded({ settledBy: { signal: 'recertified', eventId: 'c1' } }) },
  },
  'cancelled-before-it-began': { ...expired, isTimeless, fakes: { recordEvent: recorded(before) } },
  'duplicate-of-one-that-was-ended': { ...expired, isTimeless, fakes: ended('ada') },
  'duplicate-of-one-that-nobody-ended': { ...expired, isTimeless, fakes: ended() },
  'extended-to-the-same-day-twice': {
    ...expired,
    isTimeless,
    script: [done('notifyManager'), extendTo(90), extendTo(90), atRest, cancelled, cancelled],
  },
  'works-again-by-itself': {
    ...expired,
    days: 40,
    fakes: () => ({ joinGroup: failing(2, credentialsRefused, 'done') }),
    script: [parked('joinRecertificationRequired'), sleep('1 hour'), done('notifyManager'), sendLast(renew)],
  },
  'refused-for-another-reason': {
    ...expired,
    days: 40,
    fakes: () => ({ joinGroup: inTurn<'done'>(credentialsRefused, refused, refused, 'done') }),
    script: [
      parked('joinRecertificationRequired'),
      sleep('1 hour'),
      until(({ steps }) => steps.some(({ detail }) => detail === refused.message)),
      retried('joinRecertificationRequired'),
      done('notifyManager'),
      sendLast(renew),
    ],
  },
  'manager-found-by-the-identity-provider': {
    ...expired,
    isTimeless,
    fakes: {
      findLearner: unnamedManager,
      findContact: { email: 'rita@example.com', managerEmail: 'mona@example.com' },
      findInactive: ['mona@example.com'],
    },
    policy: () => toChat({ teams: { t1: { manager: 'otto@example.com', escalation: ['vera@example.com'] } } }),
    script: [done('notifyManager'), atRest, send(escalate), atRest, cancelled],
  },
  'no-manager-is-known': {
    ...expired,
    isTimeless,
    fakes: { findLearner: unnamedManager },
    script: [done('notifyLearner'), atRest, cancelled],
  },
  'identity-provider-does-not-answer': {
    ...expired,
    isTimeless,
    fakes: { findLearner: unnamedManager, findContact: refused, findInactive: refused },
    script: [
      parked('findManager'),
      skipped('findManager'),
      send(escalate),
      atRest,
      send((handle) => escalate(handle, 'nobody', 'no address')),
      atRest,
      cancelled,
    ],
  },
  'escalated-twice-at-once': {
    ...expired,
    isTimeless,
    fakes: {
      findLearner: unnamedManager,
      findContact: { email: 'rita@example.com', managerEmail: 'mona@example.com' },
    },
    script: [
      done('notifyManager'),
      atRest,
      send((handle) => Promise.all([escalate(handle), escalate(handle, 'still no answer')])),
      atRest,
      cancelled,
    ],
  },
  'identity-provider-cannot-say-who-has-left': {
    ...expired,
    isTimeless,
    fakes: { findInactive: refused },
    script: [done('notifyManager'), send(escalate), atRest, cancelled],
  },
  'messages-observed': {
    ...expired,
    isTimeless,
    modes: { mail: 'observe' },
    script: [done('notifyManager'), send(escalate), atRest, cancelled],
  },
  'mail-refuses-everything': {
    ...expired,
    isTimeless,
    modes: everySystem,
    policy: () => toChat(),
    fakes: {
      sendMail: rejected('mail answered 550'),
      postSlackMessage: rejected('slack answered 403'),
      joinGroup: credentialsRefused,
    },
    script: [parked('joinRecertificationRequired'), send(escalate), atRest, cancelled],
  },
  'goes-on-without-an-address': {
    ...expired,
    isTimeless,
    fakes: { findLearner: null },
    script: [parked('findAddress'), skipped('findAddress'), atRest, sendLast(renew)],
  },
  'without-an-identity-provider': {
    ...expired,
    isTimeless,
    modes: { identity: 'off' },
    fakes: { findLearner: unnamedManager },
    script: [done('notifyLearner'), send(escalate), atRest, sendLast(renew)],
  },
  'cancelled-twice': {
    ...expired,
    isTimeless,
    fakes: () => refusing(['joinRecertificationRequired']),
    script: [
      parked('joinRecertificationRequired'),
      send((handle) => handle.signal('cancel')),
      atRest,
      send((handle) => cancel(handle, 'once')),
      sendLast((handle) => cancel(handle, 'and again')),
    ],
  },
  'goes-on-from-a-run-before': {
    ...expired,
    isTimeless,
    carried: (now) => ({ deadline: now + DAY, passed: now - DAY, lapsed: null }),
    script: [isWaiting, atRest, sendLast(renew)],
  },
  'lapsed-in-a-run-before': {
    ...expired,
    isTimeless,
    carried: (now) => ({ deadline: now - DAY, passed: now - DAY, lapsed: { step: 'leaveCertified' } }),
    script: [isWaiting, extendTo(90), atRest, sendLast(renew)],
  },
};

const leaver: Scenario = { event: 'user.deprovisioned' };
const noHires = { hires: [], isWatched: false };
const settledByHire = (isProven: boolean) =>
  recorded({ settledBy: { signal: 'rehired', eventId: 'p1', hiredAt: Date.UTC(2026, 10, 1), isProven } });
const everyKind = recorded({
  settles: [
    { workflowId: 'gone-1', news: { signal: 'recertified', eventId: 'c1' } },
    { workflowId: 'gone-2', news: before.settledBy },
    { workflowId: 'gone-3', news: { signal: 'retaken', eventId: 'q1' } },
    { workflowId: 'gone-4', news: { signal: 'started', eventId: 'm1' } },
    { workflowId: 'gone-5', news: { signal: 'rehired', eventId: 'p1', hiredAt: 0, isProven: true } },
    { workflowId: 'gone-6', news: { signal: 'rehired', eventId: 'p2', hiredAt: 0, isProven: false } },
  ],
});

export const offboarding: Scenarios = {
  'observed-only': { ...leaver, ...observed, script: [isWaiting, atRest, cancelled] },
  'with-nothing-on': { ...leaver, ...nothingIsOn },
  'while-the-ledger-is-away': {
    ...leaver,
    isTimeless,
    fakes: ledgerIsAway,
    policy: ({ offboarding: policy }) => ({ offboarding: { ...policy, deactivateAfterDays: 0 } }),
  },
  'announced-and-known-before': {
    ...leaver,
    times: { deprovisionedAt: 2 },
    fakes: () => ({ recordEvent: inTurn<Recorded>(recorded(), { outcome: 'duplicate', first: 'e0' }) }),
  },
  'announced-and-notified': {
    ...leaver,
    times: { deprovisionedAt: 2 },
    fakes: () => ({ recordEvent: inTurn(recorded(), everyKind) }),
  },
  'fails-for-a-reason-of-another': {
    ...leaver,
    fakes: () => ({
      freezeUser: failing(3, new TypeError('x is undefined'), { change: 'done', sessions: 'not supported' } as const),
      leaveGroups: failing(1, ApplicationFailure.nonRetryable('unheard of'), { left: [] }),
    }),
    script: [parked('leaveGroups'), retried('leaveGroups')],
  },
  'called-with-refused-credentials': {
    ...leaver,
    isTimeless,
    fakes: () => ({
      freezeUser: failing(
        1,
        ApplicationFailure.create({
          type: 'identity.rejected',
          message: 'identity: POST /users: answered 401',
          details: [{ status: 401, call: 'POST /users' }],
          nonRetryable: true,
        }),
        'absent' as const,
      ),
      leaveGroups: failing(
        1,
        ApplicationFailure.create({
          type: 'identity.rejected',
          message: 'identity answered 404',
          details: [{ status: 404 }],
          nonRetryable: true,
        }),
        { left: ['Sales'] },
      ),
    }),
    script: [
      parked('freeze'),
      retried('freeze'),
      parked('leaveGroups'),
      retried('leaveGroups'),
      isWaiting,
      atRest,
      cancelled,
    ],
  },
  'too-late-for-its-time': { ...leaver, isTimeless, signedHoursAgo: 5, script: [isWaiting, atRest, cancelled] },
  'hired-before-it-began': {
    ...leaver,
    isTimeless,
    fakes: { recordEvent: settledByHire(false) },
    script: [parked('rehireUnconfirmed'), skipped('rehireUnconfirmed'), atRest, cancelled],
  },
  'hired-for-sure-before-it-began': {
    ...leaver,
    isTimeless,
    fakes: { recordEvent: settledByHire(true) },
    policy: ({ offboarding: policy }) => ({ offboarding: { ...policy, rehire: 'undo' } }),
  },
  'hired-while-it-waits-for-its-day': {
    ...leaver,
    times: { deprovisionedAt: 2 },
    script: [
      isWaiting,
      rehired('not proven', '2099-01-01T00:00:00Z'),
      rehired('proven'),
      rehired('not proven'),
      atRest,
      sleep('3 days'),
      parked('rehireUnconfirmed'),
      skipped('rehireUnconfirmed'),
      until(({ phase }) => phase !== 'working'),
      atRest,
      cancelled,
    ],
  },
  'account-is-shared-by-several': {
    ...leaver,
    isTimeless,
    fakes: () => ({
      findContact: inTurn<{ email: string; managerEmail: null }>(refused, {
        email: 'r@example.com',
        managerEmail: null,
      }),
      findSharers: inTurn<string[]>(['u2', 'u3'], []),
    }),
    script: [parked('sharedAccount'), retried('sharedAccount'), isWaiting, atRest, cancelled],
  },
  'report-is-for-others-than-the-leaver': {
    ...leaver,
    isTimeless,
    policy: twoAdministrators,
    script: [done('report'), isWaiting, atRest, cancelled],
  },
  'some-fields-are-not-readable': {
    ...leaver,
    isTimeless,
    unread: ['reason'],
    data: { reason: null },
    script: [isWaiting, cancelled],
  },
  'deactivation-in-a-run-before': {
    ...leaver,
    carried: (now) => ({ notified: ['w1'], hires: noHires, shared: [], deactivatesAt: now + DAY }),
  },
  'hired-in-a-run-before': {
    ...leaver,
    isTimeless,
    carried: (now) => ({
      notified: [],
      hires: { hires: [{ eventId: 'p1', hiredAt: now, isProven: false }], isWatched: true },
      shared: ['u2'],
      deactivatesAt: now + DAY,
    }),
    script: [isWaiting, rehired('proven'), parked('rehireUnconfirmed'), cancelled],
  },
};

const hire: Scenario = { event: 'user.provisioned' };
const inSales = ({ onboarding: policy }: Policy) => ({ onboarding: { ...policy, programs: [{ groups: ['Sales'] }] } });
const joins = (workflowId: string) => recorded({ answer: { joins: workflowId } });

export const onboarding: Scenarios = {
  'observed-only': { ...hire, ...observed, policy: inSales, script: [isWaiting, started] },
  'with-nothing-on': { ...hire, ...nothingIsOn, policy: inSales, script: [isWaiting, started] },
  'while-the-ledger-is-away': { ...hire, isTimeless, fakes: ledgerIsAway, script: [done('welcome'), started] },
  'onboarded-before': {
    ...hire,
    isTimeless,
    policy: inSales,
    fakes: { recordEvent: recorded({ answer: { isOnboarded: true } }), findProgramGroups: ['Support'] },
  },
  'onboarded-before-and-fitting': {
    ...hire,
    isTimeless,
    fakes: { recordEvent: recorded({ answer: { isOnboarded: true } }), findLearner: null },
  },
  'joins-one-that-is-gone': {
    ...hire,
    isTimeless,
    fakes: () => ({ recordEvent: inTurn(joins('gone-1'), recorded()) }),
    script: [done('welcome'), started],
  },
  'joins-one-that-runs': {
    ...hire,
    isTimeless,
    beside: 'onboarding-beside',
    fakes: () => ({
      recordEvent: ({ receipt }) =>
        receipt.workflowId === 'onboarding-beside' ? recorded() : joins('onboarding-beside'),
    }),
  },
  'left-after-all': {
    ...hire,
    policy: inSales,
    fakes: () => ({
      joinGroup: 'not active',
      findLearner: inTurn(learner({ standing: 'rehireUnconfirmed' }), learner({ standing: 'left' })),
    }),
    script: [atRest, sleep('1 hour'), done('welcome'), started],
  },
  'moved-twice': {
    ...hire,
    isTimeless,
    policy: inSales,
    fakes: { findProgramGroups: ['Support'] },
    script: [joined(), joined(), done('welcome'), atRest, joined(), atRest, cancelled],
  },
  'goes-on-from-a-run-before': {
    ...hire,
    carried: (now) => ({ begun: now - 10 * DAY, next: 1, groups: ['Sales'] }),
  },
};

const quiz: Scenario = { event: 'quiz.submitted' };

export const quizCoaching: Scenarios = {
  'observed-only': { ...quiz, ...observed, script: [isWaiting, atRest, sendLast(coached)] },
  'with-nothing-on': { ...quiz, ...nothingIsOn, script: [isWaiting, atRest, sendLast(coached)] },
  'while-the-ledger-is-away': {
    ...quiz,
    isTimeless,
    fakes: ledgerIsAway,
    script: [done('notifyManager'), atRest, sendLast(coached)],
  },
  'taken-again-before-it-began': {
    ...quiz,
    isTimeless,
    fakes: { recordEvent: recorded({ settledBy: { signal: 'retaken', eventId: 'q2' } }) },
  },
  'joins-one-that-is-gone': {
    ...quiz,
    isTimeless,
    fakes: () => ({ recordEvent: inTurn(joins('gone-1'), recorded()) }),
    script: [done('notifyManager'), atRest, sendLast(coached)],
  },
  'practice-joins-one-that-is-gone': {
    ...quiz,
    isTimeless,
    data: { quizType: 'practice', score: null, maxScore: null, passed: null },
    fakes: () => ({ recordEvent: inTurn(joins('gone-1'), recorded()) }),
  },
  'goes-on-from-a-run-before': {
    ...quiz,
    carried: (now) => ({ hasNext: true, wakeAt: now + DAY }),
    script: [atRest, sleep('2 days'), sendLast(coached)],
  },
};

const completed: Scenario = { event: 'course.completed' };

export const courseCompletion: Scenarios = {
  'observed-only': { ...completed, ...observed },
  'with-nothing-on': { ...completed, ...nothingIsOn },
  'while-the-ledger-is-away': { ...completed, isTimeless, fakes: ledgerIsAway },
  'below-the-mark': { ...completed, isTimeless, policy: () => ({ course: { passPercent: 90, renews: {} } }) },
  'with-a-mark': {
    ...completed,
    isTimeless,
    modes: everySystem,
    policy: () => ({ course: { passPercent: 50, renews: {} } }),
  },
  'again-and-better': {
    ...completed,
    isTimeless,
    modes: everySystem,
    fakes: { recordEvent: recorded({ answer: { firstCompletion: false, improved: true } }) },
  },
  'cancelled-at-once': {
    ...completed,
    isTimeless,
    fakes: () => ({ ...ledgerIsAway(), ...refusing(['storeCertificate']) }),
    script: [parked('storeCertificate'), superseded, atRest, cancellationRequested, atRest],
  },
};

export const moduleProgress: Scenarios = {
  'settles-every-kind': { event: 'module.progress', isTimeless, fakes: { recordEvent: everyKind } },
  'while-the-ledger-is-away': { event: 'module.progress', isTimeless, fakes: ledgerIsAway },
};

const unknown: Scenario = { event: 'unknown.event', run: 'first', isTimeless };
const reread = {
  rereadEnvelope: {
    workflowType: 'courseCompletion',
    event: 'course.completed',
    data: dataOf('course.completed'),
    unread: ['score'],
  },
} as const;
const body = { event: 'course.completed', data: dataOf('course.completed'), companyId: 'acme' };

export const quarantine: Scenarios = {
  'unreadable-then-redriven': {
    ...unknown,
    bytes: true,
    fakes: reread,
    script: [isWaiting, send((handle) => redrive(handle, { data: body }))],
  },
  'unreadable-then-redriven-as-it-came': {
    ...unknown,
    bytes: true,
    fakes: reread,
    script: [isWaiting, send((handle) => redrive(handle))],
  },
  'unreadable-then-discarded': { ...unknown, bytes: true, script: [isWaiting, atRest, sendLast(discard)] },
  'redriven-as-a-completion': {
    event: 'unknown.event',
    isTimeless,
    fakes: reread,
    script: [isWaiting, send((handle) => redrive(handle, { data: body }))],
  },
  'redriven-as-it-came': {
    event: 'unknown.event',
    isTimeless,
    fakes: reread,
    script: [isWaiting, send((handle) => redrive(handle))],
  },
  'cannot-be-read-again': {
    ...unknown,
    fakes: { rereadEnvelope: ApplicationFailure.nonRetryable('no event is so', 'quarantine.unreadable') },
    script: [isWaiting, send((handle) => redrive(handle).catch(unanswered)), atRest, sendLast(discard)],
  },
  'contradicts-one-that-was-replayed-and-cannot-be-read': {
    event: 'module.progress',
    conflict: true,
    run: 'first',
    isTimeless,
    fakes: {
      resolveConflict: 'free',
      rereadEnvelope: ApplicationFailure.nonRetryable('no event is so', 'quarantine.unreadable'),
    },
    script: [until(heard('it cannot be read')), atRest, sendLast(discard)],
  },
  'about-somebody': {
    ...unknown,
    data: { userId: 'u1', email: 'rita@example.com' },
    script: [isWaiting, send(escalate), atRest, sendLast(discard)],
  },
  'about-nobody': {
    ...unknown,
    data: { userId: 7, email: 'nobody' },
    script: [isWaiting, send(escalate), atRest, sendLast(discard)],
  },
  'goes-on-from-a-run-before': {
    ...unknown,
    carried: () => ({ isFree: false }),
    script: [isWaiting, atRest, sendLast(discard)],
  },
};
