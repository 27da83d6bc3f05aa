import { DAY, HOUR } from '../../src/domain';
import { namespaceRetentionGaps } from '../../src/receiver/readiness';
import { settings } from './running';

describe('namespaceHoles', () => {
  const holesOf = (windowBackSeconds: number) =>
    namespaceRetentionGaps({ delivery: { ...settings.delivery, windowBackSeconds }, receiptDays: 90 }, 'sales');

  test('none with the defaults and the shortest retention of Temporal’s', () => {
    expect(holesOf(8 * 3600)(DAY)).toEqual([]);
  });

  test('one, with the command that closes it, when the namespace forgets before the window is over', () => {
    const [hole, ...more] = holesOf(100_000)(DAY);
    expect(more).toEqual([]);
    expect(hole).toContain('`temporal operator namespace update --retention 2d -n sales`');
  });

  test('none while the retention is not known', () => {
    expect(holesOf(100_000)(undefined)).toEqual([]);
  });

  test('goes by the window ahead too', () => {
    const delivery = { ...settings.delivery, windowBackSeconds: 86_400, windowAheadSeconds: 2 };
    expect(namespaceRetentionGaps({ delivery, receiptDays: 90 }, 'sales')(24 * HOUR)).toHaveLength(1);
  });
});
