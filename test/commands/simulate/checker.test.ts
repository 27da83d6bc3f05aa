import { check, type ListedRun, type Seen } from '../../../src/commands/simulate/checker';
import type { PlannedEvent } from '../../../src/commands/simulate/plan';
import type { JournalLine, StandInsState } from '../../../src/dev/stand-ins';

const state = {} as StandInsState;

function planned(eventId: string, effect: { key: string; times: number } | null = null): PlannedEvent {
  const effects = effect === null ? [] : [{ key: effect.key, count: () => effect.times }];
  return { event: 'quiz.submitted', eventId, data: {}, effects };
}

function attempt(eventId: string, status: number | null): JournalLine {
  return { kind: 'attempt', eventId, webhookId: 'w', at: '2026-11-02T10:00:00Z', status, ms: 1, answer: null };
}

function end(eventId: string, outcome: 'delivered' | 'given up' | 'not sent'): JournalLine {
  return { kind: 'end', eventId, webhookId: 'w', outcome };
}

function run(workflowId: string, status = 'COMPLETED', phase: string | null = null): ListedRun {
  return { workflowId, status, phase };
}

const delivered = (eventId: string): readonly JournalLine[] => [attempt(eventId, 200), end(eventId, 'delivered')];
const verdictOf = (seen: Partial<Seen>) => check({ events: [], journal: [], runs: [], state, ...seen });

describe('check', () => {
  test('finds nothing where each event ran once, with its effect once', () => {
    const events = [planned('a', { key: 'mail a', times: 1 }), planned('b', { key: 'mail b', times: 1 })];
    const journal = [attempt('a', null), attempt('a', 503), ...delivered('a'), ...delivered('b')];
    const verdict = verdictOf({ events, journal, runs: [run('a'), run('b', 'RUNNING', 'waiting')] });
    expect(verdict).toMatchObject({ faults: [], isAtRest: true });
    expect(verdict.total).toEqual({
      event: 'total',
      ...{ happened: 2, sent: 2, attempts: 4, answered: 2, givenUp: 0, notSent: 0 },
      ...{ started: 2, ended: 1, waiting: 1, parked: 0, effects: 2, expectedEffects: 2, lost: 0, doubled: 0 },
    });
  });

  test('counts as lost what was answered 2xx and has no workflow', () => {
    const { total, faults } = verdictOf({ events: [planned('a')], journal: delivered('a') });
    expect([total.lost, faults]).toEqual([1, ['a: answered 2xx, and there is no workflow']]);
  });

  test('counts as lost the effect that is missing once its workflow is at rest', () => {
    const seen = { events: [planned('a', { key: 'mail a', times: 0 })], journal: delivered('a') };
    expect(verdictOf({ ...seen, runs: [run('a')] })).toMatchObject({ total: { lost: 1 }, faults: ['mail a: missing'] });
    const underWay = verdictOf({ ...seen, runs: [run('a', 'RUNNING', 'working')] });
    expect(underWay).toMatchObject({ total: { lost: 0 }, faults: [], isAtRest: false });
  });

  test('counts as doubled an event that ran twice, but not one that went on in a new run', () => {
    const seen = { events: [planned('a')], journal: delivered('a') };
    expect(verdictOf({ ...seen, runs: [run('a'), run('a')] })).toMatchObject({
      total: { doubled: 1 },
      faults: ['a: ran 2 times'],
    });
    expect(verdictOf({ ...seen, runs: [run('a'), run('a', 'CONTINUED_AS_NEW')] }).total.doubled).toBe(0);
  });

  test('counts as doubled an effect that is there twice, once for all its events', () => {
    const events = [planned('a', { key: 'certificate', times: 2 }), planned('b', { key: 'certificate', times: 2 })];
    const verdict = verdictOf({
      events,
      journal: [...delivered('a'), ...delivered('b')],
      runs: [run('a'), run('b')],
    });
    expect(verdict).toMatchObject({ total: { doubled: 1 }, faults: ['certificate: 2 times'] });
  });

  test('names an effect of a workflow that is stopped before it', () => {
    const verdict = verdictOf({
      events: [planned('a', { key: 'blocked a', times: 1 })],
      journal: delivered('a'),
      runs: [run('a', 'RUNNING', 'parked')],
    });
    expect(verdict.total).toMatchObject({ parked: 1, effects: 0, expectedEffects: 0 });
    expect(verdict.faults).toEqual(['blocked a: there, though no workflow has done it']);
  });

  test('tells what MindTickle gave up, or did not send, from what was lost', () => {
    const journal = [attempt('a', 503), end('a', 'given up'), end('b', 'not sent')];
    const { total, isAtRest } = verdictOf({ events: [planned('a'), planned('b')], journal });
    expect(total).toMatchObject({ happened: 2, sent: 1, answered: 0, givenUp: 1, notSent: 1, lost: 0 });
    expect(isAtRest).toBe(true);
  });

  test('is not at rest while a retry is due', () => {
    expect(verdictOf({ events: [planned('a')], journal: [attempt('a', 503)] }).isAtRest).toBe(false);
  });
});
