import type { Pool } from 'pg';
import { certificateKey, type Mode, type Policy, type SalesforceNames } from '../../src/domain';
import { bestCompletion } from '../../src/ledger';
import type { Confirm, StepContext, Write } from '../write-once';
import { unavailable } from '../failure';
import type { Change } from '../identity/changes';
import type { Person } from '../identity/driver';
import { askLedger } from '../ledger/call';
import type { SalesforceApi } from './api';
import { createContactActivities } from './contacts';
import { externalKey } from './key';
import { createProgressActivities } from './progress';
import { trainingRecord } from './record';
import { createUserActivities } from './users';

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

/** `required`: it expired, and a new one is waited for. Each is a text of the policy's `salesforce.statuses`. */
export type CertificateStatus = 'required' | 'certified' | 'lapsed';

export interface CertificateStanding extends Person {
  readonly certName: string;
  readonly status: CertificateStatus;
  /** By when it has to be renewed, ISO 8601; null: nothing is due. */
  readonly deadline: string | null;
}

/** A new hire. */
export interface NewContact extends Person {
  readonly role: string | null;
  readonly teamId: string | null;
}

/** What became of some of the learners' changed progress. */
export interface Synced {
  readonly synced: number;
  /** Would be synced now, in `observe`; they stay due. */
  readonly observed: number;
  /** Refused by Salesforce, each for itself; tried again when they change, or a day later. */
  readonly refused: number;
  /** The first few of the refused, by external key and Salesforce's error code. */
  readonly examples: readonly { readonly key: string; readonly code: string }[];
  /** There may be more that has changed: ask again. */
  readonly more: boolean;
}

export interface SalesforceActivities {
  /**
   * The learner's training status in a course: one record a learner and course, for ever, and the best completion that
   * the ledger knows stands in it, whichever event came last.
   */
  upsertTraining(context: StepContext, training: Training): Promise<StandingTraining | 'observed'>;
  /** The learner's certificate: one record a learner and certificate (case and outer space of its name ignored). */
  markCertificate(context: StepContext, certificate: CertificateStanding): Promise<'done' | 'observed'>;
  /**
   * The contact of a new hire carries MindTickle's user id: the one that has it, else the one of this address, else a new
   * one. Fills what is blank in a contact that is there, and changes nothing else. `absent`: no contact, and no address
   * to make one by.
   */
  linkContact(context: StepContext, hire: NewContact): Promise<Change>;
  /**
   * Freeze the user: no sign-in, all else as it was (`UserLogin.IsFrozen`). Looked up by address, then by MindTickle's
   * user id. `unchanged`: frozen or deactivated already.
   */
  freezeCrmUser(context: StepContext, person: Person): Promise<Change>;
  /**
   * Undo what step `of` did, by its rows: the very user that it froze, whatever their address is by now. What never
   * happened needs no undoing; a learner who has left gets nothing back (`not active`).
   */
  restoreCrmUser(context: StepContext, person: Person, of: string): Promise<Change>;
  /**
   * Bring learners' changed progress to Salesforce, a thousand records a call at most: what it lacks as it stands now,
   * whenever that was. `observe` only counts. One record that is refused keeps no other back. Not for a process: its rows
   * are the housekeeping's own.
   */
  syncProgress(request: { readonly mode: Exclude<Mode, 'off'> }): Promise<Synced>;
}

export interface SalesforceDeps {
  readonly api: SalesforceApi;
  readonly names: SalesforceNames;
  readonly pool: Pool;
  readonly write: Write;
  readonly confirm: Confirm;
  /** Never changed by us. */
  readonly isProtected: Policy['protected'];
}

/** So often a better completion may come while one is written. */
const MOST_ROUNDS = 5;

/**
 * Salesforce. What a record is called there, the policy says.
 * @throws `salesforce.unavailable` and `ledger.unavailable` (retry), `salesforce.rejected`.
 */
export function createSalesforceActivities(deps: SalesforceDeps): SalesforceActivities {
  const { api, names, pool, write } = deps;
  const { trainingObject: object, keyField, statuses } = names;

  async function upsertTraining(context: StepContext, training: Training): Promise<StandingTraining | 'observed'> {
    const { userId, email, courseId, courseName } = training;
    const key = externalKey(userId, courseId);
    const best = await standing(training);
    const effect = { context, naturalKey: `training:${key}`, would: { object, key, ...best } };
    return write(effect, async () => {
      let written = best;
      for (let round = 0; round < MOST_ROUNDS; round += 1) {
        const status = statuses.completed;
        const facts = { learnerId: userId, email, kind: 'course', title: courseName, status, ...written } as const;
        await api.upsert({ object, keyField, key }, trainingRecord(names, facts));
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

  async function markCertificate(
    context: StepContext,
    { userId, email, certName, status, deadline }: CertificateStanding,
  ): Promise<'done' | 'observed'> {
    const key = externalKey(userId, 'certificate', certificateKey(certName));
    const facts = {
      learnerId: userId,
      email,
      kind: 'certificate',
      title: certName,
      status: statuses[status],
      deadline,
    };
    const effect = { context, naturalKey: `certificate:${key}`, would: { object, key, status, deadline } };
    return write(effect, async () => {
      await api.upsert({ object, keyField, key }, trainingRecord(names, facts));
      return 'done' as const;
    });
  }

  return {
    upsertTraining,
    markCertificate,
    ...createContactActivities(deps),
    ...createUserActivities(deps),
    ...createProgressActivities(deps),
  };
}
