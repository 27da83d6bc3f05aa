import { bestCompletion } from '../../src/ledger';
import type { SystemSettings } from '../../src/settings';
import type { Connector, ConnectorDeps, Person } from '../connector';
import { askLedger, unavailable } from '../failure';
import { createConfirm, createWrite, type StepContext } from '../write-once';
import { createSalesforceApi, type Fields, type SalesforceParts } from './api';
import { createCertificateActivities, type CertificateActivities } from './certificates';
import { nameChecks } from './check';
import { createContactActivities, type ContactActivities } from './contacts';
import { createProgressActivities, type ProgressActivities } from './progress';
import { externalKey, trainingRecord } from './record';
import { createRecordReader } from './record-reader';
import { createSessions } from './sign-in';
import { createUserActivities, type UserActivities } from './users';

/** A learner's completion of a course, as the event has it. */
export interface Training extends Person {
  readonly courseId: string;
  readonly courseName: string;
  /** Per cent. */
  readonly score: number;
  /** ISO 8601. */
  readonly completedAt: string;
}

/** What the record says once it is written: the best completion that the ledger knew by then. */
export interface StandingTraining {
  readonly score: number;
  /** ISO 8601. */
  readonly completedAt: string;
}

export interface SalesforceActivities
  extends CertificateActivities, ContactActivities, UserActivities, ProgressActivities {
  /**
   * The learner's training status in a course: one record per learner and course, always with the best completion that
   * the ledger knows, whichever event came last.
   */
  upsertTraining(context: StepContext, training: Training): Promise<StandingTraining | 'observed'>;
}

/** A better completion may come this often while one is written. */
const MAX_ROUNDS = 5;

/**
 * Salesforce. The policy says what a record is called there. The check signs in, and looks whether that is there.
 * @throws `salesforce.unavailable` and `ledger.unavailable` (retry), `salesforce.rejected`.
 */
export function connect(settings: SystemSettings['salesforce'], deps: ConnectorDeps): Connector<SalesforceActivities> {
  const { pool, policy } = deps;
  const sessions = createSessions(settings, deps);
  const write = createWrite('salesforce', pool);
  const parts: SalesforceParts = {
    api: createSalesforceApi(sessions, write, deps),
    names: policy.salesforce,
    pool,
    write,
    confirm: createConfirm('salesforce', pool),
    isProtected: policy.protected,
  };
  return {
    activities: {
      ...createTrainingActivities(parts),
      ...createCertificateActivities(parts),
      ...createContactActivities(parts),
      ...createUserActivities(parts),
      ...createProgressActivities(parts),
    },
    checks: [() => sessions.current(), ...nameChecks(parts.api, parts.names)],
  };
}

function createTrainingActivities({
  api,
  names,
  pool,
  write,
}: SalesforceParts): Pick<SalesforceActivities, 'upsertTraining'> {
  const { trainingObject: object, keyField, statuses } = names;
  const { holds } = createRecordReader(api, names);

  async function upsertTraining(context: StepContext, training: Training): Promise<StandingTraining | 'observed'> {
    const { userId, email, courseId, courseName } = training;
    const key = externalKey(userId, courseId);
    const best = await standing(training);
    const status = statuses.completed;
    const recordOf = (at: StandingTraining): Fields =>
      trainingRecord(names, { learnerId: userId, email, kind: 'course', title: courseName, status, ...at });
    const isStillSo = (): Promise<boolean> => holds(key, recordOf(best));
    const effect = { context, naturalKey: `training:${key}`, would: { object, key, ...best }, isStillSo };
    return write(effect, async () => {
      let written = best;
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        await api.upsert({ object, keyField, key }, recordOf(written));
        // Another completion may have been recorded, and written, while this one was under way.
        const now = await standing(training);
        if (now.score === written.score && now.completedAt === written.completedAt) return written;
        written = now;
      }
      throw unavailable('salesforce', 'was written while better completions kept coming');
    });
  }

  /** The best that the ledger knows, and this one is known whatever the ledger has forgotten. */
  async function standing({ userId, courseId, score, completedAt }: Training): Promise<StandingTraining> {
    const best = await askLedger(() => bestCompletion(pool, userId, courseId));
    if (best === null || best.score < score) return { score, completedAt: new Date(completedAt).toISOString() };
    return { score: best.score, completedAt: best.at.toISOString() };
  }

  return { upsertTraining };
}
