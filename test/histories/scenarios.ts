import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { DAY, HOUR, isoTime, MINUTE, type NotificationOf, type Policy } from '../../src/domain';
import { events, isEventName } from '../../src/events';
import { TASK_QUEUE } from '../../src/temporal';
import type * as workflows from '../../workflows';
import type { Carried } from '../../workflows/process';
import { dataOf, deliveryOf, envelopeOf } from '../events/deliveries';
import { credentialsRefused, failing, inTurn, learner, recorded, unavailable, type Fakes } from '../workflows/fakes';
import { floodWithNoise } from '../workflows/flood';
import { cancel, coached, discard, escalate, recertified, redrive } from '../workflows/operator';
import { heard, type World } from '../workflows/world';
import * as corners from './corners';
import * as generated from './generated';
import {
  atRest,
  cancelled,
  done,
  everySystem,
  extendTo,
  fakesOf,
  isWaiting,
  know,
  parked,
  refused,
  rehired,
  retried,
  send,
  skipped,
  sleep,
  started,
  until,
  type Line,
  type Scenario,
} from './script';

export type WorkflowName = keyof typeof workflows;

const flood: Line = floodWithNoise;

const otherBytes: Fakes = {
  recordEvent: ({ receipt }) =>
    receipt.isConflict === true
      ? { outcome: 'replayed', first: 'e0' }
      : { outcome: 'duplicate', first: 'e1', conflict: true },
};
const archiveFails = (): Fakes => ({ archivePerson: failing(1, refused, { key: 'k', sha256: 'cd' }) });
const rehireUndoes = ({ offboarding }: Policy) => ({ offboarding: { ...offboarding, rehire: 'undo' as const } });
const deactivatedAtOnce = ({ offboarding }: Policy) => ({ offboarding: { ...offboarding, deactivateAfterDays: 0 } });
const news = { signal: 'cancel', eventId: 'd1', reason: 'left the company' } as const;
const asked = learner({ standing: 'rehireUnconfirmed' });
const progress = {
  synced: 999,
  observed: 0,
  refused: 1,
  examples: [{ key: 'mt-1:module:m', code: 'STRING_TOO_LONG' }],
};
const whom = { userId: 'u1', email: 'rita@example.com' };
const digest = {
  cause: 'no address is known of the learner',
  cases: [{ workflowId: 'e1', step: 'findAddress', about: 'Course completion of u1', since: '2026-11-28T10:00:00Z' }],
  more: 0,
};
const webhookAlert: NotificationOf<'webhook'> & { readonly kind: 'webhook' } = {
  kind: 'webhook',
  what: 'begun',
  says: 'MindTickle has suspended the webhook.',
  todo: [],
  since: '2026-11-28T10:00:00Z',
  gap: null,
};
const watched: Fakes['watchWebhook'] = {
  status: 'fail',
  says: [webhookAlert.says],
  reactivated: true,
  notices: [
    { incidentId: 1, what: 'begun', notification: webhookAlert },
    { incidentId: 2, what: 'over', notification: { ...webhookAlert, what: 'over' } },
  ],
};
const pruned = { receipts: 10_000, replays: 0, refusals: 0 };
const quiet = { asked: 100, closed: 2 };

const completed = { event: 'course.completed' };
const progressed = { event: 'module.progress' };
const expired = { event: 'certification.expired', days: 40 };
const failedQuiz = { event: 'quiz.submitted' };
const provisioned = { event: 'user.provisioned' };
const deprovisioned = { event: 'user.deprovisioned' };
const leaver = { event: 'user.deactivated' };
const notifiedBefore = { notifiedAt: '2026-11-28T10:00:00.000Z', workflowId: 'e0' };
const unknown = { event: 'unknown.event' };
const contradicting = { event: 'module.progress', conflict: true } as const;

/** With an identity provider, mail and an archive, nothing refused: for what it costs. */
const usual = { isTimeless: true, script: [atRest, cancelled] } as const;

/** By workflow and name. A workflow without scenarios does not compile. */
export const scenarios: Readonly<Record<WorkflowName, Readonly<Record<string, Scenario>>>> = {
  recertification: {
    ...corners.recertification,
    ...generated.recertification,
    'in-the-usual-way': { ...expired, ...usual },
    'lapsed-after-a-year': { ...expired, days: 365 },
    'extended-then-recertified': {
      ...expired,
      days: 10,
      script: [done('notifyManager'), extendTo(90), send(escalate), send(recertified)],
    },
    'cancelled-and-undone': { ...expired, script: [done('notifyManager'), send(cancel)] },
    'parked-and-skipped': {
      ...expired,
      fakes: { joinGroup: failing(1, refused, 'done') },
      script: [
        until(({ phase }) => phase === 'parked'),
        skipped('joinRecertificationRequired'),
        done('notifyManager'),
        send(recertified),
      ],
    },
    duplicate: { ...expired, fakes: { recordEvent: { outcome: 'duplicate', first: 'e0' } } },
    'address-known-later': {
      ...expired,
      fakes: { findLearner: null },
      script: [parked('findAddress'), sleep('2 days'), know()],
    },
    // The second run: the first one is two thousand events long.
    'gone-on-in-a-new-run-then-cancelled': {
      ...expired,
      script: [done('notifyManager'), flood, extendTo(90), sleep('70 days'), send(cancel)],
    },
    'to-every-system': {
      ...expired,
      days: 2,
      modes: everySystem,
      script: [done('markRequired'), sleep('3 days'), done('markLapsed'), send(recertified)],
    },
    'in-every-system-then-cancelled': {
      ...expired,
      modes: everySystem,
      script: [done('markRequired'), done('notifyManager'), send(cancel)],
    },
    'parked-for-a-shared-cause': {
      ...expired,
      fakes: { joinGroup: failing(1, credentialsRefused, 'done'), claimAlert: notifiedBefore },
      script: [
        until(heard('notified of the same cause')),
        retried('joinRecertificationRequired'),
        done('notifyManager'),
        send(recertified),
      ],
    },
  },
  offboarding: {
    ...corners.offboarding,
    ...generated.offboarding,
    'in-the-usual-way': { ...deprovisioned, ...usual },
    done: { ...deprovisioned, policy: deactivatedAtOnce },
    'parked-and-retried': {
      ...deprovisioned,
      fakes: { leaveGroups: failing(1, refused, { left: ['Sales'] }) },
      script: [parked('leaveGroups'), retried('leaveGroups')],
    },
    'cancelled-and-undone': {
      ...deprovisioned,
      fakes: { leaveGroups: failing(1, refused, 'done') },
      script: [parked('leaveGroups'), send(cancel)],
    },
    'deactivated-after-a-week': deprovisioned,
    'waits-for-notified-workflows': {
      ...deprovisioned,
      fakes: {
        countOpenWorkflows: inTurn(1, 1, 0),
        recordEvent: recorded({ settles: [{ workflowId: 'gone-1', news }] }),
      },
    },
    'retried-for-hours': {
      ...deprovisioned,
      fakes: { freezeUser: failing(8, unavailable(20 * MINUTE), 'done') },
    },
    'over-the-limit': {
      ...deprovisioned,
      fakes: { admitLeaver: false },
      script: [parked('checkLimit'), retried('checkLimit')],
    },
    'rehired-asked-and-skipped': {
      ...deprovisioned,
      fakes: archiveFails(),
      script: [
        parked('archive'),
        rehired('not proven'),
        parked('rehireUnconfirmed'),
        skipped('rehireUnconfirmed'),
        retried('archive'),
      ],
    },
    'rehired-and-undone': {
      ...deprovisioned,
      policy: rehireUndoes,
      fakes: archiveFails(),
      script: [parked('archive'), rehired('proven')],
    },
    'one-system-stuck': {
      ...deprovisioned,
      modes: everySystem,
      policy: deactivatedAtOnce,
      fakes: { freezeUser: failing(1, refused, 'done'), deactivateSlackUser: failing(1, refused, 'done') },
      script: [parked('freeze'), parked('deactivateSlack'), skipped('deactivateSlack'), retried('freeze')],
    },
    'in-every-system-then-cancelled': {
      ...deprovisioned,
      modes: everySystem,
      policy: () => ({ slack: { alertsChannel: '#ops', directMessages: true } }),
      fakes: archiveFails(),
      script: [parked('archive'), send(cancel)],
    },
  },
  onboarding: {
    ...corners.onboarding,
    ...generated.onboarding,
    'in-the-usual-way': { ...provisioned, ...usual },
    'waits-for-the-answer': {
      ...provisioned,
      policy: ({ onboarding }) => ({ onboarding: { ...onboarding, programs: [{ groups: ['Sales'] }] } }),
      fakes: {
        joinGroup: inTurn('not active', 'done'),
        findLearner: inTurn(asked, asked, learner()),
      },
    },
    started: { ...provisioned, script: [done('welcome'), started] },
    'nudged-until-day-30': provisioned,
    'to-every-system': {
      ...provisioned,
      modes: everySystem,
      script: [done('linkContact'), done('welcome'), started],
    },
  },
  quizCoaching: {
    ...corners.quizCoaching,
    ...generated.quizCoaching,
    'in-the-usual-way': { ...failedQuiz, ...usual },
    'coached-after-the-sla': { ...failedQuiz, script: [sleep('9 days'), send(coached)] },
    'escalated-to-the-administrator': {
      ...failedQuiz,
      script: [done('notifyManager'), send(escalate), until(heard('notified the')), sleep('30 days'), send(coached)],
    },
    'up-the-escalation-chain': {
      ...failedQuiz,
      policy: () => ({
        teams: { t1: { escalation: ['dora@example.com', 'vera@example.com'] } },
        calendar: { timeZone: 'Europe/Berlin', workingDays: ['mon', 'wed', 'fri'], holidays: ['2026-12-25'] },
      }),
      script: [
        done('notifyManager'),
        send(escalate),
        until(heard('notified the lead')),
        sleep('60 days'),
        send(coached),
      ],
    },
    practice: { ...failedQuiz, data: { quizType: 'practice' } },
  },
  courseCompletion: {
    ...corners.courseCompletion,
    ...generated.courseCompletion,
    'in-the-usual-way': { ...completed, isTimeless: true },
    first: completed,
    again: { ...completed, fakes: { recordEvent: recorded({ answer: { firstCompletion: false } }) } },
    'to-every-system': { ...completed, modes: everySystem },
    'address-known-later': {
      ...completed,
      fakes: { findLearner: null },
      script: [parked('findAddress'), know()],
    },
    'duplicate-with-other-bytes': { ...completed, fakes: otherBytes },
  },
  moduleProgress: {
    ...corners.moduleProgress,
    done: progressed,
    'duplicate-with-other-bytes': { ...progressed, fakes: otherBytes },
  },
  quarantine: {
    ...corners.quarantine,
    ...generated.quarantine,
    discarded: { ...unknown, script: [isWaiting, send(discard)] },
    'of-a-leaver-discarded': {
      ...leaver,
      script: [isWaiting, until(({ notified }) => notified.length > 0), send(discard)],
    },
    redriven: {
      ...unknown,
      script: [isWaiting, send((handle) => redrive(handle, { data: dataOf('module.progress') }))],
      run: 'first',
    },
    'conflict-that-stands-discarded': {
      ...contradicting,
      script: [until(({ history }) => history.length > 0), send(discard)],
    },
    'conflict-that-goes-on-by-itself': {
      ...contradicting,
      fakes: { resolveConflict: inTurn('unknown', 'unknown', 'free') },
      run: 'first',
    },
  },
  accessCheck: {
    'ended-everywhere': { args: [whom], modes: everySystem },
    'one-is-off-and-one-refuses': {
      args: [whom],
      modes: { salesforce: 'observe', slack: 'off' },
      fakes: { readIdentityAccess: credentialsRefused, readCrmAccess: { state: 'open' } },
      isTimeless: true,
    },
  },
  eraseArchive: {
    removed: { args: [['people/u1/a.json']], modes: everySystem },
    'not-on': { args: [['people/u1/a.json']], modes: { archive: 'observe' } },
  },
  housekeeping: {
    'in-three-pieces': {
      fakes: {
        pruneLedger: inTurn({ ...pruned, more: true }, { ...pruned, more: true }, { ...pruned, more: false }),
      },
    },
    'sends-a-digest': { fakes: { dueDigests: [digest] } },
    'notifies-of-the-webhook': { fakes: { watchWebhook: watched } },
    'cannot-look-at-the-webhook': { fakes: { watchWebhook: refused } },
    'closes-what-is-gone': {
      fakes: { reconcileOpenWorkflows: inTurn({ ...quiet, more: true }, { ...quiet, more: false }) },
    },
    'brings-progress': {
      modes: { salesforce: 'on' },
      fakes: { syncProgressRecords: inTurn({ ...progress, more: true }, { ...progress, more: false }) },
    },
  },
};

/** Play a scenario to its end. @returns the run to record. */
export async function play(world: World, scenario: Scenario, workflow: WorkflowName): Promise<WorkflowHandle> {
  const { modes, policy, script = [], run } = scenario;
  world.reset();
  world.fakeAll(fakesOf(scenario));
  world.modes = { ...world.modes, ...modes };
  world.policy = { ...world.policy, ...policy?.(world.policy) };
  const handle = await start(world, scenario, workflow);
  const { runId } = await handle.describe();
  for (const line of script) await line(world, handle);
  await handle.result().catch(unlessCancelled);
  return run === 'first'
    ? world.client.workflow.getHandle(handle.workflowId, runId, { firstExecutionRunId: runId })
    : world.handleOf(handle.workflowId);
}

export async function start(world: World, scenario: Scenario, workflow: WorkflowName): Promise<WorkflowHandle> {
  const { event, args = [], days, times, data: changed, conflict, unread, beside, signedHoursAgo = 0 } = scenario;
  if (event === undefined) {
    const workflowId = `${workflow}:acme`;
    return world.client.workflow.start(workflow, { taskQueue: TASK_QUEUE, workflowId, args: [...args] });
  }
  if (beside !== undefined) await world.atRest(await world.send(event, { eventId: beside }));
  const now = await world.now();
  const all = { ...times, ...(days !== undefined && { renewalDeadline: days }) };
  const ahead = Object.fromEntries(Object.entries(all).map(([name, inDays]) => [name, isoTime(now + inDays * DAY)]));
  const data = { ...ahead, ...changed };
  const signedAt = now - signedHoursAgo * HOUR;
  if (scenario.carried !== undefined || scenario.bytes === true) return startAsIs(world, scenario, data, now);
  const problem = { kind: 'conflict', detail: 'Another delivery of this event id stands.' } as const;
  return world.send(event, { data, signedAt, ...(conflict && { problem }), ...(unread && { unread }) });
}

let begun = 0;

/** With arguments that only the receiver, or a run before, would give it. */
async function startAsIs(
  world: World,
  { event = '', bytes, carried }: Scenario,
  change: object,
  now: number,
): Promise<WorkflowHandle> {
  const data = isEventName(event) ? dataOf(event, change, now) : change;
  const envelope = envelopeOf(event, data);
  const workflowId = `as-is-${(begun += 1)}`;
  const problem = { kind: 'not-json', detail: 'The body cannot be read.' } as const;
  const delivery = deliveryOf(workflowId, bytes ? { event: null } : envelope, {
    at: now,
    ...(!isEventName(event) && { problem }),
  });
  const run: Omit<Carried, 'checkpoint'> = {
    policySnapshot: { policy: world.policy, modes: world.modes },
    recorded: recorded(),
    state: { steps: [], history: [], notified: [] },
    undos: [],
    people: { named: [] },
    notificationCount: 0,
    signals: [],
  };
  return world.client.workflow.start(isEventName(event) ? events[event].workflowType : 'quarantine', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [
      bytes ? delivery : { ...delivery, data },
      bytes ? new TextEncoder().encode('deactivated, and no JSON') : envelope,
      ...(carried === undefined ? [] : [{ ...run, checkpoint: carried(now) }]),
    ],
  });
}

/** Temporal's own cancellation ends a workflow as cancelled. */
function unlessCancelled(error: unknown): void {
  if (!(error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure)) throw error;
}
