import {
  certificateKey,
  DAY,
  epochMs,
  HOUR,
  MINUTE,
  newsFor,
  opens,
  orderOf,
  type Fact,
  type News,
  type OpenWorkflow,
  type QuizResult,
  type RenewalRules,
  type WaitingKind,
} from '../../src/domain';

const OPENED = epochMs('2026-11-23T09:00:00Z');
const LADDER = 7 * HOUR + 20 * MINUTE;
const LEAD = 90 * DAY;
const userId = 'u1';
const rules: RenewalRules = { courses: {}, renewalLeadDays: 90 };

const open = (kind: WaitingKind, key = ''): OpenWorkflow => ({ workflowId: 'w1', kind, key, openedBy: OPENED });
const recertification = open('recertification', 'sales basics');
const coaching = open('quizCoaching', 'q1');
const onboarding = open('onboarding');
const offboarding = open('offboarding');

/** Facts of an event that came `gap` ms after the one that opened the workflow; below 0: before it. */
const completed = (gap: number, courseName = 'Sales Basics', courseId = 'c1'): Fact => ({
  kind: 'completed',
  userId,
  courseId,
  courseName,
  score: 90,
  at: OPENED + gap,
});
const quizzed = (gap: number, result: QuizResult = 'passed', quizId = 'q1'): Fact => ({
  kind: 'quizzed',
  userId,
  quizId,
  quizName: 'Pricing',
  result,
  percent: null,
  at: OPENED + gap,
});
const progressed = (gap: number): Fact => ({
  kind: 'progressed',
  userId,
  moduleId: 'm1',
  moduleName: 'M',
  percent: 1,
  seconds: 1,
  at: OPENED + gap,
});
const left = (gap: number): Fact => ({ kind: 'deprovisioned', userId, email: 'r@x', reason: 'left', at: OPENED + gap });
const hired = (gap: number): Fact => ({
  kind: 'provisioned',
  userId,
  email: 'r@x',
  role: 'rep',
  teamId: 't1',
  at: OPENED + gap,
});
const expired = (gap: number, certName = 'Sales Basics'): Fact => ({
  kind: 'expired',
  userId,
  certName,
  at: OPENED + gap,
  deadline: OPENED + gap + 30 * DAY,
});

const recertified: News = { signal: 'recertified', eventId: 'e2' };
const retaken: News = { signal: 'retaken', eventId: 'e2' };
const started: News = { signal: 'started', eventId: 'e2' };
const leftTheCompany: News = { signal: 'cancel', eventId: 'e2', reason: 'left the company' };
const rehired = (gap: number, isProven: boolean): News => ({
  signal: 'rehired',
  eventId: 'e2',
  hiredAt: OPENED + gap,
  isProven,
});
const superseded: News = { signal: 'cancel', eventId: 'e2', reason: 'superseded' };

describe('newsFor', () => {
  test.each<[string, OpenWorkflow, Fact, News | null]>([
    ['a completion after the expiry renews', recertification, completed(DAY), recertified],
    ['a completion shortly before the expiry renews', recertification, completed(-DAY), recertified],
    ['a completion as early as the lead allows renews', recertification, completed(-LEAD), recertified],
    ['a completion before the lead earned the old certificate', recertification, completed(-LEAD - 1), null],
    ['a completion of another course renews nothing', recertification, completed(DAY, 'Pricing'), null],
    ['case and outer space of a course do not count', recertification, completed(DAY, ' SALES basics '), recertified],
    ['a quiz does not renew', recertification, quizzed(DAY), null],
    ['progress does not renew', recertification, progressed(DAY), null],
    ['a learner who leaves needs no certificate', recertification, left(DAY), leftTheCompany],
    ['a certificate that expires after its holder left needs none either', recertification, left(-DAY), leftTheCompany],
    ['a later expiry supersedes', recertification, expired(DAY), superseded],
    ['an older expiry does not supersede', recertification, expired(-DAY), null],
    ['the same expiry does not supersede', recertification, expired(0), null],
    ['case and outer space of a certificate do not count', recertification, expired(DAY, ' sales BASICS'), superseded],
    ['an expiry of another certificate does not supersede', recertification, expired(DAY, 'Pricing'), null],
    ['a new hire renews nothing', recertification, hired(DAY), null],

    ['a passing retake settles the coaching', coaching, quizzed(DAY), retaken],
    ['an earlier pass does not settle a later failure', coaching, quizzed(-1), null],
    ['a failing retake does not settle', coaching, quizzed(DAY, 'failed'), null],
    ['practice does not settle', coaching, quizzed(DAY, 'ungraded'), null],
    ['another quiz does not settle', coaching, quizzed(DAY, 'passed', 'q2'), null],
    ['a completion does not settle a coaching', coaching, completed(DAY), null],
    ['a learner who leaves needs no coaching', coaching, left(DAY), leftTheCompany],
    ['a quiz handed in after leaving needs no coaching', coaching, left(-DAY), leftTheCompany],
    ['an expiry does not touch a coaching', coaching, expired(DAY), null],

    ['a completion is a first step', onboarding, completed(DAY), started],
    ['progress is a first step', onboarding, progressed(DAY), started],
    [
      'progress that was signed before the hire, within the retry ladder, is one',
      onboarding,
      progressed(-LADDER),
      started,
    ],
    ['progress of long before the hire belongs to an earlier one', onboarding, progressed(-LADDER - 1), null],
    ['a completion of long before the hire belongs to an earlier one', onboarding, completed(-LADDER - 1), null],
    ['a quiz is no first step', onboarding, quizzed(DAY), null],
    ['a learner who leaves ends the onboarding', onboarding, left(DAY), leftTheCompany],
    ['a departure as old as the hire’s delivery ends it', onboarding, left(0), leftTheCompany],
    ['a departure that may be of this hire or an earlier one is asked about first', onboarding, left(-1), null],
    ['a departure of an earlier employment does not end it', onboarding, left(-LADDER - 1), null],
    ['another hire does not touch an onboarding', onboarding, hired(DAY), null],
    ['an expiry does not touch an onboarding', onboarding, expired(DAY), null],

    ['another departure does not cancel an offboarding', offboarding, left(DAY), null],
    ['a hire of before the departure does not touch an offboarding', offboarding, hired(0), null],
    ['a hire signed after the departure may be a retry of before', offboarding, hired(1), rehired(1, false)],
    ['a hire signed as late as a retry may be', offboarding, hired(LADDER), rehired(LADDER, false)],
    ['a hire signed later than any retry is newer', offboarding, hired(LADDER + 1), rehired(LADDER + 1, true)],
    ['a hire does not touch a coaching', coaching, hired(DAY), null],
    ['a completion does not touch an offboarding', offboarding, completed(DAY), null],
    ['progress does not touch an offboarding', offboarding, progressed(DAY), null],
  ])('%s', (_claim, workflow, fact, news) => {
    expect(newsFor(workflow, fact, 'e2', rules)).toEqual(news);
  });

  test('an event never settles its own workflow', () => {
    expect(newsFor(recertification, completed(DAY), 'w1', rules)).toBeNull();
    expect(newsFor(recertification, left(DAY), 'w1', rules)).toBeNull();
  });

  const mapping = (courses: RenewalRules['courses']): RenewalRules => ({ ...rules, courses });
  test.each<[string, RenewalRules, Fact, News | null]>([
    ['by its id', mapping({ c1: ['Sales Basics'] }), completed(DAY, 'Anything'), recertified],
    ['by its name', mapping({ Anything: ['sales basics '] }), completed(DAY, 'Anything'), recertified],
    ['one of several', mapping({ c1: ['Pricing', 'Sales Basics'] }), completed(DAY, 'Anything'), recertified],
    ['its own name no longer', mapping({ c1: ['Pricing'] }), completed(DAY), null],
    ['nothing at all', mapping({ c1: [] }), completed(DAY), null],
    [
      'by its id rather than by its name',
      mapping({ c1: ['Pricing'], 'Sales Basics': ['Sales Basics'] }),
      completed(DAY),
      null,
    ],
    ['its own name, where another course is mapped', mapping({ c9: ['Pricing'] }), completed(DAY), recertified],
  ])('a course that the policy maps renews what it is mapped to: %s', (_claim, mapped, fact, news) => {
    expect(newsFor(recertification, fact, 'e2', mapped)).toEqual(news);
  });

  test.each(['constructor', 'toString', '__proto__'])('a course called %s is a course like any other', (name) => {
    const certificate = open('recertification', certificateKey(name));
    expect(newsFor(certificate, completed(DAY, name, name), 'e2', rules)).toEqual(recertified);
  });
});

describe('orderOf', () => {
  test.each([
    [-1, 'older'],
    [0, 'older'],
    [1, 'unproven'],
    [LADDER, 'unproven'],
    [LADDER + 1, 'newer'],
  ] as const)('of a hire signed %i ms after the departure is %s', (gap, order) => {
    expect(orderOf(OPENED + gap, OPENED)).toBe(order);
  });
});

describe('opens', () => {
  test.each<[string, Fact, ReturnType<typeof opens>]>([
    ['an expiry waits for a renewal of its certificate', expired(0), { kind: 'recertification', key: 'sales basics' }],
    ['a failed quiz waits for a retake of it', quizzed(0, 'failed'), { kind: 'quizCoaching', key: 'q1' }],
    ['a passed quiz waits for nobody', quizzed(0), null],
    ['a practice quiz waits for nobody', quizzed(0, 'ungraded'), null],
    ['a hire waits for the first step', hired(0), { kind: 'onboarding', key: '' }],
    ['a departure waits for its end', left(0), { kind: 'offboarding', key: '' }],
    ['a completion waits for nobody', completed(0), null],
    ['progress waits for nobody', progressed(0), null],
  ])('%s', (_claim, fact, expected) => {
    expect(opens(fact)).toEqual(expected);
  });
});
