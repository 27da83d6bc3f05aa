import type { HistoryEvent } from './events';
import { endedBeforeIn, followersIn } from './walk/pairs';

function payloads(value: object): object {
  return { payloads: [{ data: Buffer.from(JSON.stringify(value)).toString('base64') }] };
}

function scheduled(eventId: string, task: string, name: string, step?: string): HistoryEvent {
  const input = step === undefined ? undefined : payloads({ step });
  const attributes = { workflowTaskCompletedEventId: task, activityType: { name }, input };
  return { eventId, eventType: 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED', activityTaskScheduledEventAttributes: attributes };
}

function ended(scheduledEventId: string): HistoryEvent {
  const activityTaskCompletedEventAttributes = { scheduledEventId };
  return { eventId: '9', eventType: 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED', activityTaskCompletedEventAttributes };
}

const freeze = scheduled('5', '4', 'freezeUser', 'freeze');
const freezeCrm = scheduled('6', '4', 'freezeCrmUser', 'freezeCrm2');

test('commands of one workflow task follow one another, and those of the next do not follow them', () => {
  const next = scheduled('8', '7', 'findLearner');
  expect(followersIn([freeze, freezeCrm, ended('5'), next])).toEqual([
    'activity freezeUser, step freeze → activity freezeCrmUser, step freezeCrm2',
  ]);
});

test('of steps that are under way together one ends first, whatever round it is', () => {
  expect(endedBeforeIn([freeze, freezeCrm, ended('6'), ended('5')])).toEqual(['freezeCrm < freeze']);
});

test('a notification and a question of the ledger are no steps', () => {
  const others = [scheduled('7', '4', 'findLearner'), scheduled('8', '4', 'sendMail', 'notification3')];
  expect(endedBeforeIn([freeze, ...others, ended('5'), ended('7'), ended('8')])).toEqual([]);
});
