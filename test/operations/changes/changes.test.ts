import { once, EventEmitter } from 'node:events';
import { createChanges, type Change } from '../../../src/operations/changes';
import { TOPICS } from '../../../src/operations/operation';

/** Resolves with the next change. */
function next(changes: ReturnType<typeof createChanges>): Promise<Change> {
  const said = new EventEmitter();
  const end = changes.subscribe((change) => {
    end();
    said.emit('change', change);
  });
  return once(said, 'change').then(([change]) => change as Change);
}

describe('createChanges', () => {
  test('gathers what is published in a moment into one change, with the next number', async () => {
    const changes = createChanges({ startedAt: 7, gatherMs: 0 });
    const change = next(changes);
    changes.publish(['effects']);
    changes.publish(['receipts', 'effects']);
    expect(await change).toEqual({ id: 7001, topics: ['effects', 'receipts'] });
    expect(changes.last()).toBe(7001);
  });

  test('counts a topic at once, and no other', () => {
    const changes = createChanges({ startedAt: 7, gatherMs: 0 });
    const before = [changes.versionOf(['effects']), changes.versionOf(['bulk'])];
    changes.publish(['effects']);
    expect([changes.versionOf(['effects']), changes.versionOf(['bulk'])]).not.toEqual(before);
    expect(changes.versionOf(['bulk'])).toBe(before[1]);
  });

  test('says what came after a change, and everything when that is forgotten', async () => {
    const changes = createChanges({ startedAt: 7, gatherMs: 0, memory: 2 });
    for (const topic of ['effects', 'bulk', 'receipts'] as const) {
      const change = next(changes);
      changes.publish([topic]);
      await change;
    }
    expect(changes.since(7003)).toBeUndefined();
    expect(changes.since(7001)).toEqual({ id: 7003, topics: ['bulk', 'receipts'] });
    expect(changes.since(7000)).toEqual({ id: 7003, topics: TOPICS });
    // Of a process that ran before, or of one whose clock was ahead.
    expect(changes.since(6999)?.topics).toEqual(TOPICS);
    expect(changes.since(9000)?.topics).toEqual(TOPICS);
  });
});
