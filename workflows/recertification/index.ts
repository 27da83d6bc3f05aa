import { setHandler } from '@temporalio/workflow';
import { deadlineFault, epochMs, expiredFact, isoTime, nextMoment, type Moment, type Policy } from '../../src/domain';
import type { CertificationExpired, Delivery, Envelope } from '../../src/events';
import { letterToLearner } from '../process/common-steps';
import { extendDeadlineUpdate, type Outcome, type Phase, type ProcessState } from '../messages';
import { openProcess, type Aside, type Body, type Carried, type Process, type ProcessResult } from '../process/process';
import { markCertificate } from '../process/crm-writes';
import { closeCase, giveBack, lapse, openCase, type Lapse } from './steps';

/** Remind until the learner recertifies; end the access at the deadline; take a late renewal until the grace is over. */
export async function recertification(
  delivery: Delivery,
  envelope: Envelope<CertificationExpired>,
  carried?: Carried<Place>,
): Promise<ProcessResult> {
  const { userId, certName } = envelope.data;
  const process = openProcess({
    delivery,
    body: envelope,
    userId,
    about: `Recertification of ${userId}: ${certName}`,
    messages: ['recertified', 'extendDeadline', 'identify'],
    carried,
  });
  const fact = expiredFact(envelope);
  const place = carried?.place;
  const course = openCourse(process, place?.deadline ?? epochMs(envelope.data.renewalDeadline));
  return process.run(
    () => fact,
    (given) => untilRenewed(process, certName, course, given, place),
  );
}

/** Where a case is at rest: the deadline as it was moved to last, and how far time has brought it. */
interface Place extends Clock {
  readonly deadline: number;
}

/** What people and events have said so far: handlers write it, one loop reads it. */
interface Course {
  deadline: number;
  isRenewed: boolean;
  /** Nobody waits any more. */
  isOver: boolean;
  /** Rises with each move of the deadline. */
  revision: number;
  /** What is being written of it to the CRM. */
  marking?: Aside;
}

function openCourse(process: Process, deadline: number): Course {
  const course: Course = { deadline, isRenewed: false, isOver: false, revision: 0 };
  process.onSignal(
    {
      name: 'recertified',
      description: 'The certificate is renewed: { by, evidence }',
      required: ['by', 'evidence'],
      optional: ['eventId'],
    },
    ({ by, evidence }) => {
      process.note({ what: 'recertified', by, reason: evidence });
      course.isRenewed = true;
    },
  );
  setHandler(
    extendDeadlineUpdate,
    ({ deadline: moved, by, reason }): ProcessState => {
      // The validator takes it with space around, too.
      const at = epochMs(moved.trim());
      if (at !== course.deadline) {
        process.note({ what: `extendDeadline to ${isoTime(at)}`, by, reason });
        course.deadline = at;
        course.revision += 1;
        process.recorder.setDeadline(at);
      }
      return process.recorder.snapshot();
    },
    {
      validator: (request) => requireDeadlineAhead(request, course, process.recorder.phase()),
      description: 'Move the deadline: { deadline, by, reason }',
    },
  );
  return course;
}

function requireDeadlineAhead(request: unknown, { isRenewed, isOver }: Course, phase: Phase): void {
  const fault = deadlineFault(request, Date.now());
  if (fault !== null) throw new Error(fault);
  if (isRenewed) throw new Error('the certificate is renewed already');
  if (isOver) throw new Error('the grace period is over');
  if (phase === 'undoing' || phase === 'done') throw new Error('it is cancelled');
}

async function untilRenewed(
  process: Process,
  certName: string,
  course: Course,
  given: Body,
  place: Place | undefined,
): Promise<Outcome> {
  const { policy } = given.terms;
  if (given.recorded.settledBy?.signal === 'recertified') {
    process.note({ what: 'recertified', by: `event ${given.recorded.settledBy.eventId}`, reason: 'it came first' });
    return 'recertified';
  }
  if (place === undefined) {
    process.aside(() => openCase(process, certName, course.deadline, policy));
    mark(process, certName, course, 'required');
  }
  const clock: Clock = place ?? { passed: Date.now(), lapsed: null };
  while (!isRenewed(course)) {
    const moment = await nextOf(process, course, clock, policy);
    if (moment === 'news') await takeNews(process, certName, course, clock);
    else if (moment.kind === 'end') {
      course.isOver = true;
      return 'lapsed';
    } else take(process, certName, moment, course, clock, policy);
  }
  await closeCase(process, certName, policy);
  return 'recertified';
}

/** Beside the process: a CRM that refuses holds up neither letters nor access. The last word is written last. */
function mark(process: Process, certName: string, course: Course, status: 'required' | 'lapsed'): void {
  const before = course.marking;
  course.marking = process.aside(async () => {
    await before?.drop();
    await markCertificate(process, certName, status, course.deadline);
  });
}

/** How far time has brought the case: the last moment handled (epoch ms), and the lapse once it has come. */
interface Clock {
  passed: number;
  lapsed: Lapse | null;
}

/** Asked again after every wait: a handler may have written it meanwhile. */
function isRenewed(course: Course): boolean {
  return course.isRenewed;
}

/** Wait for whatever is next: news from people and events, or the moment that time brings. */
async function nextOf(
  process: Process,
  course: Course,
  { passed, lapsed }: Clock,
  policy: Policy,
): Promise<Moment | 'news'> {
  const { revision } = course;
  const moment = nextMoment(course.deadline, passed, lapsed !== null, policy.recertification);
  const isNews = await process.wait({
    what: lapsed === null ? 'a renewal of the certificate' : 'a late renewal of the certificate',
    until: () => course.isRenewed || course.revision !== revision,
    wakeAt: moment.at,
    dueAt: moment.kind === 'end' ? moment.at : course.deadline,
    next: lapsed === null ? 'the certificate lapses; it may still be renewed late' : 'the case ends as lapsed',
    place: (): Place => ({ deadline: course.deadline, passed, lapsed: lapsed && { step: lapsed.step } }),
  });
  return isNews ? 'news' : moment;
}

/** A deadline that was moved ahead again takes the lapse back, and brings its reminders anew. */
async function takeNews(process: Process, certName: string, course: Course, clock: Clock): Promise<void> {
  clock.passed = Date.now();
  if (course.isRenewed) return;
  // A CRM that is off is said to be so once.
  if (process.steps.isOn('salesforce')) mark(process, certName, course, 'required');
  if (clock.lapsed === null) return;
  await giveBack(process, clock.lapsed);
  clock.lapsed = null;
}

function take(process: Process, certName: string, moment: Moment, course: Course, clock: Clock, policy: Policy): void {
  const { deadline } = course;
  clock.passed = moment.at;
  if (moment.kind === 'remind') {
    const letter = { kind: 'remind', certName, deadline: isoTime(deadline), daysLeft: moment.daysBefore } as const;
    process.aside(() => letterToLearner(process, `remind${moment.daysBefore}DaysBefore`, letter));
  } else {
    process.note({ what: 'the deadline has passed', by: 'mindtickle', reason: null });
    const step = process.steps.freeName('leaveCertified');
    clock.lapsed = { step, work: process.aside(() => lapse(process, certName, deadline, policy)) };
    mark(process, certName, course, 'lapsed');
  }
}
