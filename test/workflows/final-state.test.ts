import type { ProcessState } from '../../workflows/messages';
import { finalStateOf } from '../../workflows/process/final-state';

const at = '2026-11-24T12:00:00.000Z';
const state: ProcessState = {
  phase: 'parked',
  outcome: null,
  waitingFor: 'retryStep or skipStep of "freeze"',
  deadline: at,
  steps: [{ step: 'freeze', title: 'Freeze the sign-in', status: 'done', detail: null, at }],
  history: Array.from({ length: 1000 }, (_, index) => ({
    at,
    what: `decision ${index}`,
    by: 'ada',
    reason: 'é'.repeat(90),
  })),
  notified: Array.from({ length: 1000 }, () => ({ role: 'manager', channel: 'mail', notification: 'coach', at })),
};
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('the state that a workflow ends with', () => {
  test('is kept whole where it fits, and waits for nothing', () => {
    const final = finalStateOf(state, 'done', 1_000_000);
    expect(final).toEqual({ ...state, phase: 'done', outcome: 'done', waitingFor: null, deadline: null });
  });

  test('has the steps and the newest decisions where it does not fit, and counts the others', () => {
    const { steps, history, forgotten = 0, ...final } = finalStateOf(state, 'cancelled');
    expect(bytes({ ...final, steps, history })).toBeLessThanOrEqual(256_000);
    expect(steps).toEqual(state.steps);
    expect(history.at(-1)).toEqual(state.history.at(-1));
    expect(history.length + forgotten).toBe(1000);
    expect(history.length).toBeGreaterThan(900);
  });
});
