import { NEWEST_RELEASE } from '../../src/domain';
import { attributesOf, type HistoryEvent } from './events';
import { readHistory } from './files';

/** The activities of a recertification that went so, in the order in which they were scheduled, and how urgent each is. */
function scheduled(scenario: string): readonly [name: string, priority: number | undefined][] {
  const text = readHistory({ release: NEWEST_RELEASE, workflow: 'recertification', scenario });
  const { events } = JSON.parse(text) as { readonly events: readonly HistoryEvent[] };
  return events
    .filter(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED')
    .map((event) => {
      const { activityType, priority } = attributesOf(event) as {
        readonly activityType: { readonly name: string };
        readonly priority?: { readonly priorityKey?: number };
      };
      return [activityType.name, priority?.priorityKey];
    });
}

describe('Temporal serves first', () => {
  test('what is undone when a person cancels; the steps before have the priority of their workflow', () => {
    const activities = scheduled('cancelled-while-it-waits');
    expect(activities).toContainEqual(['joinGroup', undefined]);
    expect(activities).toContainEqual(['restoreUser', 1]);
    expect(activities).toContainEqual(['restoreCertificate', 1]);
  });

  test('a step that a person has tried again', () => {
    const tries = scheduled('opening-each-step-retried').filter(([name]) => name === 'joinGroup');
    expect(tries.slice(0, 2)).toEqual([
      ['joinGroup', undefined],
      ['joinGroup', 1],
    ]);
  });

  test('whoever a person escalates to', () => {
    const activities = scheduled('escalated-to-somebody-while-it-waits');
    expect(activities.filter(([name, priority]) => name === 'sendMail' && priority === 1)).toHaveLength(1);
  });
});
