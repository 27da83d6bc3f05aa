import { ApplicationFailure } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { DAY, HOUR, isoTime } from '../../src/domain';
import {
  cancelSignal,
  coachedSignal,
  discardUpdate,
  escalateSignal,
  extendDeadlineUpdate,
  recertifiedSignal,
  redriveUpdate,
  rehiredSignal,
  retryStepUpdate,
  skipStepUpdate,
  startedSignal,
  type ProcessState,
} from '../../workflows/messages';
import type { World } from '../workflows/old-world';

/** One way through a workflow; run once, its history recorded, and replayed for ever after. */
export interface Scenario {
  readonly type: string;
  readonly name: string;
  readonly run: (world: World) => Promise<WorkflowHandle>;
}

const at = (name: string, status: string) => (state: ProcessState) =>
  state.steps.some((step) => step.name === name && step.status === status);

async function expired(world: World, days: number): Promise<WorkflowHandle> {
  const now = await world.env.currentTimeMs();
  const data = {
    userId: 'u1',
    certName: 'Sales Basics',
    expiredAt: isoTime(now - DAY),
    renewalDeadline: isoTime(now + days * DAY),
  };
  return world.start('recertification', data, { event: 'certification.expired' });
}

async function deprovisioned(world: World): Promise<WorkflowHandle> {
  const now = await world.env.currentTimeMs();
  const data = { userId: 'u1', email: 'rita@example.com', reason: 'terminated', deprovisionedAt: isoTime(now - HOUR) };
  return world.start('offboarding', data, { event: 'user.deprovisioned' });
}

function everySystem({ modes }: World): World['modes'] {
  return { ...modes, salesforce: 'on', slack: 'on', xapi: 'on' };
}

function rejectOnce(world: World, activity: string, then: unknown): void {
  let isFirst = true;
  world.answers.set(activity, () => {
    if (!isFirst) return then;
    isFirst = false;
    throw ApplicationFailure.create({
      type: 'identity.rejected',
      message: 'identity answered 403',
      nonRetryable: true,
    });
  });
}

const provisioned = { userId: 'u1', email: 'rita@example.com', role: 'rep', teamId: 't1', provisionedBy: 'scim' };
const progressed = { userId: 'u1', moduleName: 'Objections', moduleId: 'm1', progressPct: 40, timeSpentSec: 60 };
const failedQuiz = { userId: 'u1', quizName: 'Pricing', quizId: 'q1', score: 2, maxScore: 10, passed: false };
const completed = {
  userId: 'u1',
  courseName: 'Discovery',
  courseId: 'c1',
  score: 90,
  completedAt: '2026-11-01T10:00:00Z',
};

export const scenarios: readonly Scenario[] = [
  {
    type: 'recertification',
    name: 'lapsed-after-a-year',
    run: async (world) => {
      const handle = await expired(world, 365);
      await handle.result();
      return handle;
    },
  },
  {
    type: 'recertification',
    name: 'extended-then-recertified',
    run: async (world) => {
      const handle = await expired(world, 10);
      await world.until(handle, at('tellManager', 'done'));
      const deadline = isoTime((await world.env.currentTimeMs()) + 90 * DAY);
      await handle.executeUpdate(extendDeadlineUpdate, { args: [{ deadline, by: 'ada', reason: 'leave' }] });
      await handle.signal(escalateSignal, { reason: 'no answer', by: 'ada' });
      await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'recertification',
    name: 'cancelled-and-undone',
    run: async (world) => {
      const handle = await expired(world, 40);
      await world.until(handle, at('tellManager', 'done'));
      await handle.signal(cancelSignal, { reason: 'a mistake', by: 'ada' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'recertification',
    name: 'parked-and-skipped',
    run: async (world) => {
      rejectOnce(world, 'joinGroup', 'done');
      const handle = await expired(world, 40);
      await world.until(handle, ({ phase }) => phase === 'parked');
      const request = { step: 'joinRecertificationRequired', reason: 'not needed', by: 'ada' };
      await handle.executeUpdate(skipStepUpdate, { args: [request] });
      await world.until(handle, at('tellManager', 'done'));
      await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'recertification',
    name: 'duplicate',
    run: async (world) => {
      world.answers.set('recordEvent', () => ({ outcome: 'duplicate', first: 'e0' }));
      const handle = await expired(world, 40);
      await handle.result();
      return handle;
    },
  },
  {
    type: 'recertification',
    name: 'address-known-later',
    run: async (world) => {
      world.answers.set('findLearner', () => null);
      const handle = await expired(world, 40);
      await world.parked(handle, 'findAddress');
      await world.env.sleep('2 days');
      world.answers.delete('findLearner');
      await handle.result();
      return handle;
    },
  },
  {
    // The second run: the first one is two thousand events long.
    type: 'recertification',
    name: 'gone-on-in-a-new-run-then-cancelled',
    run: async (world) => {
      const handle = await expired(world, 40);
      await world.until(handle, at('tellManager', 'done'));
      const now = world.env.client.workflow.getHandle(handle.workflowId);
      const hasGoneOn = ({ history }: ProcessState) => history.some(({ what }) => what === 'goes on in a new run');
      for (let state = await world.state(now); !hasGoneOn(state); state = await world.state(now))
        await Promise.all(Array.from({ length: 50 }, () => now.signal('cancel', { by: 'noise' })));
      const deadline = isoTime((await world.env.currentTimeMs()) + 90 * DAY);
      await now.executeUpdate(extendDeadlineUpdate, { args: [{ deadline, by: 'ada', reason: 'leave' }] });
      await world.env.sleep('70 days');
      await now.signal(cancelSignal, { reason: 'a mistake', by: 'ada' });
      await handle.result();
      return now;
    },
  },
  {
    type: 'offboarding',
    name: 'done',
    run: async (world) => {
      const handle = await deprovisioned(world);
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'parked-and-retried',
    run: async (world) => {
      rejectOnce(world, 'leaveGroups', { left: ['Sales'] });
      const handle = await deprovisioned(world);
      await world.until(handle, at('leaveGroups', 'parked'));
      await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'leaveGroups', by: 'ada' }] });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'cancelled-and-undone',
    run: async (world) => {
      rejectOnce(world, 'leaveGroups', 'done');
      const handle = await deprovisioned(world);
      await world.until(handle, at('leaveGroups', 'parked'));
      await handle.signal(cancelSignal, { reason: 'not a leaver', by: 'ada' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'deactivated-after-a-week',
    run: async (world) => {
      const handle = await deprovisioned(world);
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'waits-for-the-told-and-looks-once-more',
    run: async (world) => {
      const settles = [{ workflowId: 'gone-1', news: { signal: 'cancel', eventId: 'd1', reason: 'left the company' } }];
      const counts = [1, 1, 0];
      world.answers.set('countOpen', () => counts.shift());
      world.answers.set('recordEvent', () => ({ outcome: 'new', answer: {}, settledBy: null, settles }));
      const handle = await deprovisioned(world);
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'over-the-limit',
    run: async (world) => {
      world.answers.set('admitLeaver', () => false);
      const handle = await deprovisioned(world);
      await world.parked(handle, 'checkLimit');
      await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'checkLimit', by: 'ada' }] });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'rehired-asked-and-skipped',
    run: async (world) => {
      rejectOnce(world, 'archivePerson', { key: 'k', sha256: 'cd' });
      const handle = await deprovisioned(world);
      await world.parked(handle, 'archive');
      await handle.signal(rehiredSignal, { eventId: 'p1', order: 'not proven' });
      await world.parked(handle, 'rehired?');
      const skip = { step: 'rehired?', reason: 'an old event', by: 'ada' };
      await handle.executeUpdate(skipStepUpdate, { args: [skip] });
      await handle.executeUpdate(retryStepUpdate, { args: [{ step: 'archive', by: 'ada' }] });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'rehired-and-undone',
    run: async (world) => {
      world.policy = { ...world.policy, offboarding: { ...world.policy.offboarding, rehire: 'undo' } };
      rejectOnce(world, 'archivePerson', { key: 'k', sha256: 'cd' });
      const handle = await deprovisioned(world);
      await world.parked(handle, 'archive');
      await handle.signal(rehiredSignal, { eventId: 'p1', order: 'proven' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'onboarding',
    name: 'waits-for-the-answer',
    run: async (world) => {
      const { onboarding } = world.policy;
      world.policy = { ...world.policy, onboarding: { ...onboarding, programs: [{ groups: ['Sales'] }] } };
      const standings = ['rehired?', 'rehired?', 'active'];
      world.answers.set('joinGroup', () => (standings.length > 0 ? 'not active' : 'done'));
      world.answers.set('findLearner', () => ({ userId: 'u1', standing: standings.shift() ?? 'active' }));
      const handle = await world.start('onboarding', provisioned, { event: 'user.provisioned' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'onboarding',
    name: 'started',
    run: async (world) => {
      const handle = await world.start('onboarding', provisioned, { event: 'user.provisioned' });
      await world.until(handle, at('welcome', 'done'));
      await handle.signal(startedSignal, { eventId: 'p1' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'onboarding',
    name: 'nudged-until-day-30',
    run: async (world) => {
      const handle = await world.start('onboarding', provisioned, { event: 'user.provisioned' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'quizCoaching',
    name: 'coached-after-the-sla',
    run: async (world) => {
      const handle = await world.start('quizCoaching', failedQuiz, { event: 'quiz.submitted' });
      await world.env.sleep('9 days');
      await handle.signal(coachedSignal, { by: 'mona', note: 'went through it' });
      await handle.result();
      return handle;
    },
  },
  {
    // Recorded before there was a line: `escalate` tells the manager a second time.
    type: 'quizCoaching',
    name: 'escalated-before-the-line',
    run: async (world) => {
      const handle = await world.start('quizCoaching', failedQuiz, { event: 'quiz.submitted' });
      await world.until(handle, at('tellManager', 'done'));
      await handle.signal(escalateSignal, { reason: 'on leave', by: 'ada' });
      await world.until(handle, ({ history }) => history.some(({ what }) => what.startsWith('notified the')));
      await world.env.sleep('30 days');
      await handle.signal(coachedSignal, { by: 'mona', note: 'went through it' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'quizCoaching',
    name: 'up-the-line',
    run: async (world) => {
      world.policy = {
        ...world.policy,
        teams: { t1: { escalation: ['dora@example.com', 'vera@example.com'] } },
        calendar: { timeZone: 'Europe/Berlin', workingDays: ['mon', 'wed', 'fri'], holidays: ['2026-12-25'] },
      };
      const handle = await world.start('quizCoaching', failedQuiz, { event: 'quiz.submitted' });
      await world.until(handle, at('tellManager', 'done'));
      await handle.signal(escalateSignal, { reason: 'on leave', by: 'ada' });
      await world.until(handle, ({ history }) => history.some(({ what }) => what === 'notified the lead'));
      await world.env.sleep('60 days');
      await handle.signal(coachedSignal, { by: 'vera', note: 'went through it' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'quizCoaching',
    name: 'practice',
    run: async (world) => {
      const handle = await world.start('quizCoaching', {
        userId: 'u1',
        quizName: 'Try',
        quizId: 'q2',
        quizType: 'practice',
      });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'courseCompletion',
    name: 'to-every-system',
    run: async (world) => {
      world.modes = everySystem(world);
      const handle = await world.start('courseCompletion', completed, { event: 'course.completed' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'recertification',
    name: 'to-every-system',
    run: async (world) => {
      world.modes = everySystem(world);
      const handle = await expired(world, 2);
      await world.until(handle, at('markRequired', 'done'));
      await world.env.sleep('3 days');
      await world.until(handle, at('markLapsed', 'done'));
      await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'onboarding',
    name: 'to-every-system',
    run: async (world) => {
      world.modes = everySystem(world);
      const handle = await world.start('onboarding', provisioned, { event: 'user.provisioned' });
      await world.until(handle, at('linkContact', 'done'));
      await world.until(handle, at('welcome', 'done'));
      await handle.signal(startedSignal, { eventId: 'p1' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'offboarding',
    name: 'in-every-system-then-cancelled',
    run: async (world) => {
      world.modes = everySystem(world);
      world.policy = { ...world.policy, slack: { alertsChannel: '#ops', directMessages: true } };
      rejectOnce(world, 'archivePerson', { key: 'k', sha256: 'cd' });
      const handle = await deprovisioned(world);
      await world.parked(handle, 'archive');
      await handle.signal(cancelSignal, { reason: 'not a leaver', by: 'ada' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'courseCompletion',
    name: 'first',
    run: async (world) => {
      const handle = await world.start('courseCompletion', completed, { event: 'course.completed' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'courseCompletion',
    name: 'address-known-later',
    run: async (world) => {
      world.answers.set('findLearner', () => null);
      const handle = await world.start('courseCompletion', completed, { event: 'course.completed' });
      await world.parked(handle, 'findAddress');
      world.answers.delete('findLearner');
      await handle.result();
      return handle;
    },
  },
  {
    type: 'courseCompletion',
    name: 'again',
    run: async (world) => {
      world.answers.set('recordEvent', () => ({
        outcome: 'new',
        answer: { firstCompletion: false },
        settledBy: null,
        settles: [],
      }));
      const handle = await world.start('courseCompletion', completed, { event: 'course.completed' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'moduleProgress',
    name: 'done',
    run: async (world) => {
      const handle = await world.start('moduleProgress', progressed, { event: 'module.progress' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'quarantine',
    name: 'discarded',
    run: async (world) => {
      const handle = await quarantined(world);
      await handle.executeUpdate(discardUpdate, { args: [{ by: 'ada', reason: 'noise' }] });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'quarantine',
    name: 'redriven',
    run: async (world) => {
      const envelope = { event: 'module.progress', data: progressed, companyId: 'acme' };
      world.answers.set('rereadEnvelope', () => ({
        workflowType: 'moduleProgress',
        event: 'module.progress',
        envelope,
      }));
      const handle = await quarantined(world);
      const { runId } = await handle.describe();
      await handle.executeUpdate(redriveUpdate, { args: [{ by: 'ada', data: progressed }] });
      await handle.result();
      return world.env.client.workflow.getHandle(handle.workflowId, runId, { firstExecutionRunId: runId });
    },
  },
  {
    type: 'quarantine',
    name: 'conflict-that-stands-discarded',
    run: async (world) => {
      const handle = await contradicting(world);
      await world.until(handle, ({ history }) => history.length > 0);
      await handle.executeUpdate(discardUpdate, { args: [{ by: 'ada', reason: 'forged' }] });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'quarantine',
    name: 'conflict-that-goes-on-by-itself',
    run: async (world) => {
      const standings = ['unknown', 'unknown', 'free'];
      world.answers.set('settleConflict', () => standings.shift());
      world.answers.set('rereadEnvelope', () => ({
        workflowType: 'moduleProgress',
        event: 'module.progress',
        envelope: { event: 'module.progress', data: progressed, companyId: 'acme' },
      }));
      const handle = await contradicting(world);
      const { runId } = await handle.describe();
      await handle.result();
      return world.env.client.workflow.getHandle(handle.workflowId, runId, { firstExecutionRunId: runId });
    },
  },
  {
    type: 'courseCompletion',
    name: 'duplicate-with-other-bytes',
    run: async (world) => {
      world.answers.set('recordEvent', ({ receipt }: { receipt: { isConflict?: true } }) =>
        receipt.isConflict === true
          ? { outcome: 'replayed', first: 'e0' }
          : { outcome: 'duplicate', first: 'e1', conflict: true },
      );
      const handle = await world.start('courseCompletion', completed, { event: 'course.completed' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'moduleProgress',
    name: 'duplicate-with-other-bytes',
    run: async (world) => {
      world.answers.set('recordEvent', ({ receipt }: { receipt: { isConflict?: true } }) =>
        receipt.isConflict === true
          ? { outcome: 'replayed', first: 'e0' }
          : { outcome: 'duplicate', first: 'e1', conflict: true },
      );
      const handle = await world.start('moduleProgress', progressed, { event: 'module.progress' });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'housekeeping',
    name: 'in-three-pieces',
    run: async (world) => {
      const left = [true, true, false];
      world.answers.set('pruneLedger', () => ({ receipts: 10_000, replays: 0, refusals: 0, more: left.shift() }));
      const handle = await world.env.client.workflow.start('housekeeping', {
        taskQueue: 'mindtickle',
        workflowId: 'housekeeping:acme-1',
      });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'housekeeping',
    name: 'closes-what-is-gone',
    run: async (world) => {
      const left = [true, false];
      world.answers.set('closeGone', () => ({ asked: 100, closed: 2, more: left.shift() }));
      const handle = await world.env.client.workflow.start('housekeeping', {
        taskQueue: 'mindtickle',
        workflowId: 'housekeeping:acme-2',
      });
      await handle.result();
      return handle;
    },
  },
  {
    type: 'housekeeping',
    name: 'brings-progress',
    run: async (world) => {
      world.modes = { ...world.modes, salesforce: 'on' };
      const left = [true, false];
      world.answers.set('syncProgress', () => ({
        ...{ synced: 999, observed: 0, refused: 1 },
        examples: [{ key: 'mt-1:module:m', code: 'STRING_TOO_LONG' }],
        more: left.shift(),
      }));
      const handle = await world.env.client.workflow.start('housekeeping', {
        taskQueue: 'mindtickle',
        workflowId: 'housekeeping:acme-3',
      });
      await handle.result();
      return handle;
    },
  },
];

async function contradicting(world: World): Promise<WorkflowHandle> {
  const problem = { kind: 'conflict', detail: 'Another delivery of this event id stands.' } as const;
  return world.start('quarantine', progressed, { event: 'module.progress', problem });
}

async function quarantined(world: World): Promise<WorkflowHandle> {
  const problem = { kind: 'unknown-event', detail: 'No event of this name is known.' } as const;
  const handle = await world.start('quarantine', { userId: 'u1' }, { event: 'badge.awarded', problem });
  await world.until(handle, ({ phase }) => phase === 'waiting');
  return handle;
}
