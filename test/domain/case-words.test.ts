import { causeSentence, describeCase, type CaseFacts } from '../../src/domain';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const READERS = { now: NOW, timeZone: 'Europe/Berlin', labels: { identity: 'Okta' } };

const FREEZE = {
  step: 'freeze',
  title: 'Freeze the sign-in and end the sessions',
  cause: 'identity.credentialsRefused',
};

const OFFBOARDING: CaseFacts = {
  workflowType: 'offboarding',
  event: 'user.deprovisioned',
  status: 'running',
  person: { userId: 'u-17', name: 'kim' },
  about: null,
  phase: 'parked',
  outcome: null,
  needs: 'person',
  cause: 'identity.credentialsRefused',
  why: 'identity: freeze: answered 401',
  parked: [FREEZE],
  since: '2026-11-28T08:12:00Z',
  waitingFor: null,
  next: null,
  deadline: null,
  startedAt: '2026-11-28T08:00:00Z',
  closedAt: null,
};

const RECERTIFICATION: Partial<CaseFacts> = {
  workflowType: 'recertification',
  about: 'Sales Basics',
  phase: 'waiting',
  needs: 'time',
  cause: null,
  parked: [],
  since: '2026-11-27T08:00:00Z',
  waitingFor: 'a renewal of the certificate',
  next: { at: '2027-01-15T22:59:59Z', what: 'the certificate lapses; it may still be renewed late' },
};

describe('describeCase', () => {
  test.each<[string, Partial<CaseFacts>, string]>([
    [
      'a step that a system refuses',
      {},
      'The offboarding of kim (u-17) is stuck since 09:12 CET: Okta refused our credentials, at the step “Freeze the sign-in and end the sessions”. It is tried again by itself, within minutes at first and within a day later.',
    ],
    [
      'what happens by itself',
      { next: { at: '2026-11-28T13:00:00Z', what: 'it is escalated that access has not ended' } },
      'The offboarding of kim (u-17) is stuck since 09:12 CET: Okta refused our credentials, at the step “Freeze the sign-in and end the sessions”. It is tried again by itself, within minutes at first and within a day later. By itself, 14:00 CET: it is escalated that access has not ended.',
    ],
    [
      'a guard of the policy',
      { cause: 'protected', parked: [{ ...FREEZE, cause: 'protected' }] },
      'The offboarding of kim (u-17) is stuck since 09:12 CET: the policy protects this person. Nothing happens until somebody decides.',
    ],
    [
      'a system that is away',
      {
        phase: 'working',
        needs: 'system',
        cause: 'identity.unavailable',
        parked: [],
        next: { at: null, what: 'It is tried again by itself.' },
      },
      'The offboarding of kim (u-17) is held up since 09:12 CET: Okta does not answer. It is tried again by itself.',
    ],
    [
      'a wait for time',
      RECERTIFICATION,
      'The recertification of kim (u-17) for “Sales Basics” waits for a renewal of the certificate since Friday, 27 November 2026, 09:00 CET. By itself, Friday, 15 January 2027, 23:59 CET: the certificate lapses; it may still be renewed late.',
    ],
    [
      'a release that wrote neither needs nor cause',
      { needs: null, cause: null, why: null, parked: [], since: null },
      'The offboarding of kim (u-17) waits for a decision since 09:00 CET: the reason is in its history. Nothing happens until somebody decides.',
    ],
    [
      'an event in quarantine',
      { workflowType: 'quarantine', person: null, cause: 'quarantined', why: 'data.userId: is empty', parked: [] },
      'An event (user.deprovisioned) waits for a decision since 09:12 CET: it cannot be read (data.userId: is empty). Nothing happens until somebody decides.',
    ],
    [
      'one that was cancelled',
      {
        status: 'completed',
        outcome: 'cancelled',
        closedAt: '2026-11-28T09:00:00Z',
        person: { userId: 'u-17', name: 'u-17' },
      },
      'The offboarding of u-17 was cancelled, and what it had done was taken back. It ended 10:00 CET.',
    ],
    [
      'one that somebody terminated',
      { status: 'terminated', closedAt: '2026-11-28T09:00:00Z' },
      'The offboarding of kim (u-17) was terminated in Temporal: nothing was taken back, and nothing goes on. It ended 10:00 CET.',
    ],
  ])('says of %s what happened, to whom, since when, and what comes', (_what, more, sentence) => {
    expect(describeCase({ ...OFFBOARDING, ...more }, READERS)).toBe(sentence);
  });
});

describe('causeSentence', () => {
  test('says what a system did by the name that people call it', () => {
    expect(causeSentence('identity.credentialsRefused', null, {})).toBe(
      'the identity provider refused our credentials',
    );
    expect(causeSentence('identity.credentialsRefused', null, { identity: 'Okta' })).toBe(
      'Okta refused our credentials',
    );
  });

  test('of a cause that it does not know it says what the step says, else the key', () => {
    expect(causeSentence('constructor', 'the step says why', {})).toBe('the step says why');
    expect(causeSentence('other', null, {})).toBe('other');
  });
});
