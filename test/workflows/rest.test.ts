import type { StepState } from '../../workflows/messages';
import { restOf } from '../../workflows/process/rest';

const at = '2026-11-24T12:00:00.000Z';
const due = '2027-01-23T12:00:00Z';
const renewal = { what: 'a renewal of the certificate', since: at };
const coaching = { what: 'coaching', cause: 'waitsForCoaching', since: at } as const;
const freeze: StepState = { step: 'freeze', title: 'Freeze the sign-in', status: 'running', detail: null, at };
const refused: StepState = {
  ...freeze,
  status: 'parked',
  detail: 'identity answered 401',
  cause: 'identity.credentialsRefused',
  meanwhile: 'It is tried again.',
};
const retried: StepState = { ...freeze, detail: 'attempt 3 failed', cause: 'identity.unavailable' };

function rest(change: { steps?: readonly StepState[]; waiting?: typeof renewal; deadline?: string; next?: string }) {
  const { steps = [], waiting = null, deadline, next = null } = change;
  return restOf({
    steps: new Map(steps.map((step) => [step.step, step])),
    waiting,
    deadline: deadline === undefined ? null : Date.parse(deadline),
    next,
  });
}

describe('what a case at rest needs', () => {
  test('is nothing while it works, although something is due', () => {
    expect(rest({ steps: [freeze], deadline: due })).toBeNull();
  });

  test('is time where only a date is waited for, with what happens then', () => {
    const { needs, listed } = rest({ waiting: renewal, deadline: due, next: 'the certificate lapses' }) ?? {};
    expect(needs).toBe('time');
    expect(listed).toMatchObject({ step: null, cause: null, since: at, waitingFor: renewal.what });
    expect(listed?.next).toEqual({ at: due, what: 'the certificate lapses' });
  });

  test('is a person where somebody has to act, with the cause', () => {
    const coached = rest({ waiting: coaching });
    expect(coached).toMatchObject({ needs: 'person', listed: { cause: 'waitsForCoaching', next: null } });
    expect(rest({ waiting: renewal, steps: [retried, { ...refused, step: 'freezeCrm' }] })).toEqual({
      needs: 'person',
      listed: {
        step: 'freezeCrm',
        title: 'Freeze the sign-in',
        why: 'identity answered 401',
        cause: 'identity.credentialsRefused',
        since: at,
        waitingFor: 'retryStep or skipStep of "freezeCrm"',
        next: { at: null, what: 'It is tried again.' },
      },
    });
  });

  test('is a system that does not answer, and says the same after each attempt', () => {
    const first = rest({ steps: [retried] });
    expect(first).toMatchObject({
      needs: 'system',
      listed: { step: 'freeze', cause: 'identity.unavailable', why: null },
    });
    expect(rest({ steps: [{ ...retried, detail: 'attempt 8 failed' }] })).toEqual(first);
  });

  test('is short, however long a system explains itself', () => {
    const { listed } = rest({ steps: [{ ...refused, detail: 'x'.repeat(5000) }] }) ?? {};
    expect(listed?.why).toHaveLength(301);
  });
});
