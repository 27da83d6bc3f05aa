import assert from 'node:assert/strict';
import type { ApplicationFailure } from '@temporalio/activity';
import type { Pool } from 'pg';
import { attempt, type Step } from '../activities/conformance/suite';
import type { Proxy } from './toxiproxy';

/** A connector's step against a real peer: what is tried is the same for each. */
export interface PeerTrial {
  readonly pool: Pool;
  /** In front of the peer; undefined without Toxiproxy: then no fault is tried. */
  readonly proxy: Proxy | undefined;
  /** A step about something that was not there before, each time. `onWrite` runs just before the request that writes. */
  readonly fresh: (options: { readonly onWrite?: () => Promise<void>; readonly timeoutMs?: number }) => Promise<{
    readonly step: Step;
    /** How often the peer shows it done. */
    readonly effects: () => Promise<number>;
  }>;
  /** Makes the next answer to a write get lost, and resolves to what undoes that. Absent: the connection is reset. */
  readonly lose?: (proxy: Proxy) => Promise<() => Promise<void>>;
}

/** What came of a peer: a row of the table. */
export interface Outcome {
  readonly calls: number;
  readonly faults: readonly string[];
}

/** A step that writes at once: `onWrite` runs before its first attempt. */
export function writesAtOnce(step: Step, onWrite?: () => Promise<void>): Step {
  let isFirst = true;
  return async (context) => {
    if (isFirst) await onWrite?.();
    isFirst = false;
    return step(context);
  };
}

async function reset(proxy: Proxy): Promise<() => Promise<void>> {
  await proxy.add('reset_peer', { timeout: 0 });
  return () => proxy.remove('reset_peer');
}

let workflows = 0;

/** @throws AssertionError when the connector does not do as promised. */
export async function tryPeer({ pool, proxy, fresh, lose = reset }: PeerTrial): Promise<Outcome> {
  let calls = 0;
  const make = async (step: Step, workflowId: string, mode: 'on' | 'observe' = 'on') => {
    calls += 1;
    const { result, failure } = await attempt(pool, step, { workflowId, mode });
    return { result, failure };
  };
  const name = (): string => `peers-${(workflows += 1)}`;
  const expectDone = async (step: Step, workflowId: string): Promise<unknown> => {
    const { result, failure } = await make(step, workflowId);
    assert.equal(failure, undefined, `it failed: ${describe(failure)}`);
    return result;
  };
  /** As Temporal would: of a connection from before the fault, the end may show only now. */
  const expectDoneAtLast = async (step: Step, workflowId: string): Promise<unknown> => {
    for (let more = 2; more > 0; more -= 1) {
      const { result, failure } = await make(step, workflowId);
      if (failure === undefined) return result;
      assert.match(failure.type ?? '', /\.unavailable$/, describe(failure));
    }
    return expectDone(step, workflowId);
  };
  const expectUnavailable = async (step: Step, workflowId: string): Promise<void> => {
    const { failure } = await make(step, workflowId);
    assert.match(failure?.type ?? 'nothing failed', /\.unavailable$/, describe(failure));
  };

  const observed = await fresh({});
  assert.equal((await make(observed.step, name(), 'observe')).result, 'observed');
  assert.equal(await observed.effects(), 0, 'observed, it wrote');

  const twice = await fresh({});
  const id = name();
  const first = await expectDone(twice.step, id);
  assert.deepEqual(await expectDone(twice.step, id), first);
  assert.equal(await twice.effects(), 1, 'done twice is not once');

  if (proxy === undefined) return { calls, faults: [] };

  let restore = async (): Promise<void> => Promise.resolve();
  const lost = await fresh({
    onWrite: async () => {
      restore = await lose(proxy);
    },
  });
  const lostId = name();
  await expectUnavailable(lost.step, lostId);
  await restore();
  assert.equal(await lost.effects(), 1, 'the effect was lost with the answer: the fault came too early');
  const again = await expectDoneAtLast(lost.step, lostId);
  if (typeof first === 'string') assert.equal(again, first);
  assert.equal(await lost.effects(), 1, 'after a lost answer it was done twice');

  const down = await fresh({});
  const downId = name();
  await proxy.setDown(true);
  await expectUnavailable(down.step, downId);
  await proxy.setDown(false);
  await expectDoneAtLast(down.step, downId);
  assert.equal(await down.effects(), 1);

  const slow = await fresh({});
  await proxy.add('latency', { latency: 150 });
  await expectDone(slow.step, name());
  await proxy.remove('latency');
  assert.equal(await slow.effects(), 1);

  const silent = await fresh({ timeoutMs: 400 });
  const silentId = name();
  await proxy.add('timeout', { timeout: 0 });
  await expectUnavailable(silent.step, silentId);
  await proxy.remove('timeout');
  await expectDoneAtLast(silent.step, silentId);
  assert.equal(await silent.effects(), 1);
  return { calls, faults: ['lost answer', 'down', 'slow', 'silent'] };
}

function describe(failure: ApplicationFailure | undefined): string {
  return failure === undefined ? 'no failure' : `${failure.message} ${JSON.stringify(failure.details ?? [])}`;
}
