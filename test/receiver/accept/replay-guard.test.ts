import { createReplayGuard } from '../../../src/receiver/accept/replay-guard';

describe('createReplayMemory', () => {
  test('an event sent again by its sender is no replay, however often', () => {
    const { note } = createReplayGuard(2);
    expect(['s', 's', 's'].map((signature) => note(signature, 'evt-1'))).toEqual(['first', 'first', 'first']);
  });

  test('takes one signature under so many event ids, and remembers those it took', () => {
    const { note } = createReplayGuard(3);
    const ids = ['evt-1', 'evt-2', 'evt-3', 'evt-4', 'evt-2', 'evt-1', 'evt-5'];
    expect(ids.map((id) => note('s', id))).toEqual(['first', 'again', 'again', 'over', 'again', 'first', 'over']);
    expect(note('another', 'evt-6')).toBe('first');
  });

  test('forgets what it has not seen for longest', () => {
    const { note } = createReplayGuard(3, 2);
    note('a', 'evt-1');
    note('b', 'evt-2');
    note('a', 'evt-1');
    note('c', 'evt-3');
    expect(note('a', 'evt-4')).toBe('again');
    expect(note('b', 'evt-5')).toBe('first');
  });
});
