/** What is known of one workflow, for the sentence and the buttons that people get. */
import type { System } from './policy';

export interface ParkedStep {
  readonly step: string;
  readonly title: string;
  /** The key of why, as in the search attribute `MindtickleCause`; null: not known. */
  readonly cause: string | null;
}

export interface CaseFacts {
  readonly workflowType: string;
  readonly event: string | null;
  readonly status: string;
  /** As it is shown; null: nobody that can be read. */
  readonly person: { readonly userId: string; readonly name: string } | null;
  /** The title of the certificate, quiz, course or module. */
  readonly about: string | null;
  readonly phase: string | null;
  readonly outcome: string | null;
  readonly needs: 'person' | 'time' | 'system' | null;
  readonly cause: string | null;
  /** In words that the system or the step gave. */
  readonly why: string | null;
  /** The first is the one that `cause` and `why` are about. */
  readonly parked: readonly ParkedStep[];
  /** All times ISO 8601. */
  readonly since: string | null;
  readonly waitingFor: string | null;
  readonly next: { readonly at: string | null; readonly what: string } | null;
  readonly deadline: string | null;
  readonly startedAt: string;
  readonly closedAt: string | null;
}

/** How people read of cases. */
export interface CaseReaders {
  /** Epoch ms. */
  readonly now: number;
  /** An IANA name. */
  readonly timeZone: string;
  /** What the systems are called here, such as `Okta`. */
  readonly labels?: Readonly<Partial<Record<System, string | undefined>>> | undefined;
}
