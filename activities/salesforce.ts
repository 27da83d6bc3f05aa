import type { Mode } from '../src/domain/policy';
import type { StepContext } from './effects';
import type { Change } from './identity-changes';
import type { Person } from './identity-driver';

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
  /** Would have been, in `observe`. */
  readonly observed: number;
  /** Refused by Salesforce, each for itself; tried again when they change, or a day later. */
  readonly refused: number;
  /** Some of the refused, by external key and Salesforce's error code. */
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
   * Bring learners' changed progress to Salesforce, a thousand records a call at most. What is observed or refused
   * counts as seen: switching on does not replay it. Not for a process: its rows are the workflow's own.
   */
  syncProgress(request: { readonly mode: Exclude<Mode, 'off'> }): Promise<Synced>;
}
