import { CancelledFailure, type MetricTags } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { failureFromStatus, unavailable } from '../../activities/failure';
import { observeCall } from '../../activities/observe-call';
import { quieten } from '../quieten';

quieten();

/** What reached the meter. */
function createMeter() {
  const seen: { readonly name: string; readonly tags: MetricTags }[] = [];
  const metric = (name: string) => {
    const add = (_value: number, tags: MetricTags = {}): void => void seen.push({ name, tags });
    return { name, add, record: add };
  };
  const meter = { createCounter: metric, createHistogram: metric };
  return { seen, env: new MockActivityEnvironment({}, { metricMeter: meter as never }) };
}

const OF_THE_SDK = { activityType: 'unknown', namespace: 'test', taskQueue: 'test' };
const NONE = new Headers();

describe('observeCall', () => {
  test.each([
    ['ok', undefined],
    ['unavailable', failureFromStatus('slack', 503, NONE)],
    ['unavailable', unavailable('slack', 'did not answer')],
    ['credentialsRefused', failureFromStatus('slack', 401, NONE)],
    ['rejected', failureFromStatus('slack', 400, NONE)],
    ['cancelled', new CancelledFailure('cancelled')],
    ['failed', new TypeError('rita@example.com is no number')],
  ])('counts as %s a call that ends so, times it, and names nobody (%#)', async (outcome, error) => {
    const { seen, env } = createMeter();
    const call = () => (error === undefined ? Promise.resolve('done') : Promise.reject(error));
    const run = env.run(() => observeCall('slack', 'POST', call));
    const thrown = await run.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(thrown).toBe(error);
    const tags = { ...OF_THE_SDK, system: 'slack', verb: 'POST' };
    expect(seen).toEqual([
      { name: 'mindtickle_connector_calls', tags: { ...tags, outcome } },
      { name: 'mindtickle_connector_call', tags },
    ]);
  });

  test('outside an activity only runs the call', async () => {
    await expect(observeCall('slack', 'POST', () => Promise.resolve(1))).resolves.toBe(1);
  });
});
