import { ApplicationFailure } from '@temporalio/common';
import type {
  ConnectorActivities,
  LedgerActivities,
  ReconcileActivities,
  RereadActivities,
  WebhookActivities,
} from '../../activities';
import type { System } from '../../src/domain';
import { dataOf } from '../events/deliveries';

/**
 * Every activity that the workflows call, but those that read the policy: a world has its own. The first step asks the others
 * for what it brings.
 */
export type Activities = Omit<LedgerActivities, 'beginCase'> &
  ReconcileActivities &
  RereadActivities &
  WebhookActivities &
  All<ConnectorActivities[System]>;

/** What has one of several types is of all of them. */
type All<Union> = (Union extends unknown ? (of: Union) => void : never) extends (of: infer Each) => void ? Each : never;

export type ActivityName = keyof Activities;
export type Arguments<Name extends ActivityName> = Parameters<Activities[Name]>;
type Answer<Name extends ActivityName> = Awaited<ReturnType<Activities[Name]>>;

/** What an activity answers; an error is thrown; a function is called with the activity's arguments. */
export type Fake<Name extends ActivityName> =
  Answer<Name> | Error | ((...args: Arguments<Name>) => Answer<Name> | Promise<Answer<Name>>);

export type Fakes = { readonly [Name in ActivityName]?: Fake<Name> };

export type Recorded = Answer<'recordEvent'>;
type NewFact = Recorded & { readonly outcome: 'new' };
export type Learner = NonNullable<Answer<'findLearner'>>;

/** What the ledger answers to a new event; by default it settles nothing, and nothing settles it. */
export function recorded(change: Partial<NewFact> = {}): NewFact {
  const answer = { firstCompletion: true };
  return { outcome: 'new', answer, settledBy: null, settles: [], ...change };
}

/** What the ledger knows of the learner `u1`. */
export function learner(change: Partial<Learner> = {}): Learner {
  return {
    userId: 'u1',
    email: 'rita@example.com',
    role: 'rep',
    teamId: 't1',
    managerEmail: 'mona@example.com',
    active: true,
    standing: 'active',
    ...change,
  };
}

/** All goes well. An activity that is missing here does not compile, and fails the test that comes upon it. */
export const WELL: { readonly [Name in ActivityName]: Answer<Name> } = {
  recordEvent: recorded(),
  closeWorkflow: undefined,
  markWorkflowGone: undefined,
  endCase: undefined,
  findProgramGroups: [],
  findSharers: [],
  findLearner: learner(),
  findUnfit: [],
  claimAlert: 'first',
  releaseAlert: undefined,
  addAlertCase: undefined,
  dropAlertCase: undefined,
  dueDigests: [],
  markDigested: undefined,
  countOpenWorkflows: 0,
  setLearnerEmail: undefined,
  reinstateLearner: undefined,
  confirmDeparture: undefined,
  admitLeaver: true,
  resolveConflict: 'stands',
  pruneLedger: { receipts: 0, replays: 0, refusals: 0, more: false },
  reconcileOpenWorkflows: { asked: 0, closed: 0, more: false },
  watchWebhook: { status: 'ok', says: ['All is well.'], reactivated: false, notices: [] },
  markWebhookNotified: undefined,
  rereadEnvelope: {
    workflowType: 'moduleProgress',
    event: 'module.progress',
    data: dataOf('module.progress'),
  },
  findContact: null,
  findInactive: [],
  readIdentityAccess: { state: 'ended', groups: [] },
  readCrmAccess: { state: 'ended' },
  readSlackAccess: { state: 'absent' },
  freezeUser: 'done',
  deactivateUser: 'done',
  joinGroup: 'done',
  leaveGroup: 'done',
  leaveGroups: { left: ['Sales'] },
  restoreUser: 'done',
  sendMail: 'sent',
  storeCertificate: { key: 'k', sha256: 'ab' },
  archivePerson: { key: 'k', sha256: 'cd' },
  removeFiles: undefined,
  upsertTraining: { score: 80, completedAt: '2026-11-01T10:00:00Z' },
  markCertificate: 'done',
  restoreCertificate: 'done',
  linkContact: 'done',
  freezeCrmUser: 'done',
  restoreCrmUser: 'done',
  syncProgressRecords: { synced: 0, observed: 0, refused: 0, examples: [], more: false },
  postSlackMessage: 'sent',
  deactivateSlackUser: 'done',
  restoreSlackUser: 'done',
  storeStatement: 'done',
};

/** What a connector throws when its system refuses permanently. */
export function rejected(message: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'identity.rejected', message, nonRetryable: true });
}

/** What a connector throws when its system refuses our credentials: the cause of many. */
export const credentialsRefused = ApplicationFailure.create({
  type: 'identity.rejected',
  message: 'identity answered 403: its credentials were refused',
  details: [{ status: 403 }],
  nonRetryable: true,
});

/** What a connector throws when its system is away; it is tried again no sooner than after `retryAfterMs`. */
export function unavailable(retryAfterMs = 1): ApplicationFailure {
  const message = 'identity did not answer';
  const details = [{ retryAfterMs }];
  return ApplicationFailure.create({ type: 'identity.unavailable', message, details, nextRetryDelay: retryAfterMs });
}

/** Each call gets the next of these; the last one stays. An error is thrown. */
export function inTurn<T>(...answers: readonly (T | Error)[]): () => T {
  const left = [...answers];
  return () => {
    const answer = left.length > 1 ? left.shift() : left[0];
    if (answer instanceof Error) throw answer;
    return answer as T;
  };
}

/** The first `times` calls throw. */
export function failing<T>(times: number, failure: Error, then: T): () => T {
  return inTurn<T>(...Array.from({ length: times }, () => failure), then);
}

/** An answer that does not come before `letGo` is called. */
export function later<T>(answer: T): { readonly answer: () => Promise<T>; readonly letGo: () => void } {
  let letGo: () => void = () => undefined;
  const answered = new Promise<T>((resolve) => (letGo = () => resolve(answer)));
  return { answer: () => answered, letGo: () => letGo() };
}
