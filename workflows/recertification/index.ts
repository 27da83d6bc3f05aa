import { condition, setHandler } from '@temporalio/workflow';
import {
  DEFAULT_CALENDAR,
  deadlineFault,
  expiredFact,
  isoTime,
  type Moment,
  nextMoment,
  readDeadline,
} from '../../src/domain';
import type { CertificationExpired, EventDelivery } from '../../src/events';
import { markCertificate, openProcess, refusal } from '../process';
import type { BackgroundTask, Carried, Process, ProcessResult, Start } from '../process';
import { closeCase, giveBack, lapse, openCase, type Certificate, type Lapse } from './steps';
import { extendDeadlineUpdate, type Outcome, type Phase, type ProcessState } from '../messages';

/** Remind until the learner recertifies; end the access at the deadline; accept a late renewal until the grace is over. */
export async function recertification(
  delivery: EventDelivery<CertificationExpired>,
  body: unknown,
  carried?: Carried<Checkpoint>,
): Promise<ProcessResult> {
  const { userId, certName } = delivery.data;
  const process = openProcess({
    delivery,
    body,
    userId,
    about: `Recertification of ${userId}: ${certName}`,
    messages: ['recertified', 'extendDeadline'],
    carried,
  });
  const fact = expiredFact(delivery);
  const checkpoint = carried?.checkpoint;
  const news = listen(process, checkpoint?.deadline ?? fact.deadline);
  return process.run({
    said: fact,
    body: (start) => {
      news.timeZone = start.policy.calendar.timeZone;
      const { passed, lapsed } = checkpoint ?? { passed: Date.now(), lapsed: null };
      const open = { process, certName, policy: start.policy, news, passed, lapsed };
      return untilRenewed(open, start, checkpoint === undefined);
    },
  });
}

/** Where a case is at rest: the deadline as it was moved to last, and how far time has brought it. */
type Checkpoint = Pick<News, 'deadline'> & Pick<Case, 'passed' | 'lapsed'>;

/** What people and events have said so far: handlers write it, one loop reads it. */
interface News {
  deadline: number;
  /** The policy's, once that is read. */
  timeZone?: string;
  isRenewed: boolean;
  /** Nobody waits any more. */
  isOver: boolean;
  /** Rises with each move of the deadline. */
  revision: number;
}

interface Case extends Certificate {
  readonly news: News;
  /** The last moment that was handled, epoch ms. */
  passed: number;
  /** The lapse, once it has come. */
  lapsed: Lapse | null;
  /** What is being written of it to the CRM. */
  marking?: BackgroundTask;
}

function listen(process: Process, deadline: number): News {
  const news: News = { deadline, isRenewed: false, isOver: false, revision: 0 };
  process.onSignal(
    {
      name: 'recertified',
      description: 'The certificate is renewed: { by, evidence }',
      required: ['by', 'evidence'],
      optional: ['eventId'],
    },
    ({ by, evidence }) => {
      process.note({ what: 'recertified', by, reason: evidence });
      news.isRenewed = true;
    },
  );
  setHandler(
    extendDeadlineUpdate,
    async ({ deadline: moved, by, reason }): Promise<ProcessState> => {
      await condition(() => news.timeZone !== undefined);
      const at = readDeadline(moved, zoneOf(news));
      if (at !== news.deadline) {
        process.note({ what: `extendDeadline to ${isoTime(at)}`, by, reason });
        news.deadline = at;
        news.revision += 1;
        process.recorder.setDeadline(at);
      }
      return process.recorder.snapshot();
    },
    {
      validator: (request) => requireDeadlineAhead(request, news, process.recorder.phase()),
      description: 'Move the deadline: { deadline, by, reason }',
    },
  );
  return news;
}

function zoneOf({ timeZone = DEFAULT_CALENDAR.timeZone }: News): string {
  return timeZone;
}

function requireDeadlineAhead(request: unknown, news: News, phase: Phase): void {
  const { isRenewed, isOver } = news;
  const fault = deadlineFault(request, Date.now(), zoneOf(news));
  if (fault !== null) throw refusal(fault);
  if (isRenewed) throw refusal('the certificate is renewed already');
  if (isOver) throw refusal('the grace period is over');
  if (phase === 'undoing' || phase === 'done') throw refusal('it is cancelled');
}

async function untilRenewed(open: Case, { recorded }: Start, isNew: boolean): Promise<Outcome> {
  const { process, news } = open;
  if (recorded.settledBy?.signal === 'recertified') {
    process.note({ what: 'recertified', by: `event ${recorded.settledBy.eventId}`, reason: 'it came first' });
    return 'recertified';
  }
  if (isNew) {
    process.inBackground(() => openCase(open, news.deadline));
    mark(open, 'required');
  }
  while (!isRenewed(open)) {
    const moment = await nextOf(open);
    if (moment === 'news') await handleNews(open);
    else if (moment.kind === 'end') {
      news.isOver = true;
      return 'lapsed';
    } else handleMoment(open, moment);
  }
  await closeCase(open);
  return 'recertified';
}

/** In the background: a CRM that refuses delays neither notifications nor access. The last status is written last. */
function mark(open: Case, status: 'required' | 'lapsed'): void {
  const { process, certName, news, marking: before } = open;
  open.marking = process.inBackground(async () => {
    await before?.stop();
    await markCertificate(process, certName, status, news.deadline);
  });
}

/** Asked again after every wait: a handler may have written it meanwhile. */
function isRenewed({ news }: Case): boolean {
  return news.isRenewed;
}

/** Wait for whatever is next: news from people and events, or the moment that time brings. */
async function nextOf({ process, news, passed, lapsed, policy }: Case): Promise<Moment | 'news'> {
  const { revision } = news;
  const moment = nextMoment(news.deadline, passed, lapsed !== null, policy.recertification);
  const isNews = await process.wait({
    what: lapsed === null ? 'a renewal of the certificate' : 'a late renewal of the certificate',
    until: () => news.isRenewed || news.revision !== revision,
    wakeAt: moment.at,
    dueAt: moment.kind === 'end' ? moment.at : news.deadline,
    next: lapsed === null ? 'the certificate lapses; it may still be renewed late' : 'the case ends as lapsed',
    checkpoint: (): Checkpoint => ({ deadline: news.deadline, passed, lapsed: lapsed && { step: lapsed.step } }),
  });
  return isNews ? 'news' : moment;
}

/** A deadline that was moved ahead again takes the lapse back, and brings its reminders anew. */
async function handleNews(open: Case): Promise<void> {
  open.passed = Date.now();
  if (isRenewed(open)) return;
  // A CRM that is off is said to be so once.
  if (open.process.steps.isOn('salesforce')) mark(open, 'required');
  if (open.lapsed === null) return;
  await giveBack(open, open.lapsed);
  open.lapsed = null;
}

function handleMoment(open: Case, moment: Moment): void {
  const { process, certName, news } = open;
  const { deadline } = news;
  open.passed = moment.at;
  if (moment.kind === 'remind') {
    const notification = {
      kind: 'remind',
      certName,
      deadline: isoTime(deadline),
      daysLeft: moment.daysBefore,
    } as const;
    process.inBackground(() => process.notifyLearner(`remind${moment.daysBefore}DaysBefore`, notification));
  } else {
    process.note({ what: 'the deadline has passed', by: 'mindtickle', reason: null });
    const step = process.steps.freeKey('leaveCertified');
    open.lapsed = { step, work: process.inBackground(() => lapse(open, deadline)) };
    mark(open, 'lapsed');
  }
}
