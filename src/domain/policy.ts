import type { Calendar } from './calendar';
import type { SalesforceNames } from './salesforce-names';

/** What we write to, as a sentence names it. A system without settings is `off`. */
export const SYSTEM_LABELS = {
  identity: 'the identity provider',
  mail: 'the mail server',
  archive: 'the archive',
  salesforce: 'Salesforce',
  slack: 'Slack',
  xapi: 'the LMS',
} as const;

export type System = keyof typeof SYSTEM_LABELS;

export const SYSTEMS = Object.keys(SYSTEM_LABELS) as readonly System[];

/** `off`: not configured. `observe`: reads, and records what it would have written. `on`: writes. */
export type Mode = 'off' | 'observe' | 'on';

/** An absent one is `off`. */
export type Modes = Readonly<Partial<Record<System, Mode>>>;

/**
 * The numbers and names that decide, from the one YAML file; every field has a default. Days are calendar days, but
 * where they are called working days.
 */
export interface Policy {
  /** Notified when nobody nearer is known, and of everything that parks. E-mail addresses. */
  readonly administrators: readonly string[];
  /** Never changed by us: MindTickle user ids, e-mail addresses; groups of the identity provider by name. */
  readonly protected: { readonly users: readonly string[]; readonly groups: readonly string[] };
  /** By team id. */
  readonly teams: Readonly<Record<string, Team>>;
  readonly calendar: Calendar;
  /** Groups of the identity provider: who has a certificate, and who has to renew one. */
  readonly groups: {
    readonly certified: string;
    readonly recertificationRequired: string;
    /** Whether a group to join that the identity provider lacks is created. */
    readonly createMissing: boolean;
  };
  readonly course: {
    /** Absent: any completion counts. */
    readonly passPercent?: number | undefined;
    /** Course (id or name) → certificates that it renews. */
    readonly renews: Readonly<Record<string, readonly string[]>>;
  };
  readonly slack: SlackPolicy;
  readonly xapi: XapiNames & XapiPolicy;
  readonly quiz: { readonly passPercent?: number | undefined; readonly slaWorkingDays: number };
  readonly recertification: {
    readonly remindDaysBefore: readonly number[];
    readonly graceDays: number;
    readonly renewalLeadDays: number;
  };
  readonly onboarding: {
    /** Every entry whose `role` and `team` (where given) match adds its groups. */
    readonly programs: readonly Program[];
    readonly nudgeLearnerAfterDays: number;
    readonly nudgeManagerAfterDays: number;
    readonly endAfterDays: number;
  };
  readonly offboarding: {
    /** Absent: every reason is a leaver's. */
    readonly leaverReasons?: readonly string[] | undefined;
    readonly limitPerHour: number;
    readonly accessSlaMinutes: number;
    /** From the archive on: until then everything can be given back. */
    readonly deactivateAfterDays: number;
    /** Hired again while it runs: ask a person, or undo at once where the order is proven. */
    readonly rehire: 'ask' | 'undo';
  };
  readonly salesforce: SalesforceNames;
}

/** How an LMS names a learner and a course (xAPI): identifiers, which need not lead anywhere. */
export interface XapiNames {
  /** The system that a learner's MindTickle user id is an account of. */
  readonly accountHomePage: string;
  /** A course is this and its id. */
  readonly courseBase: string;
}

export interface XapiPolicy {
  /** `auto`, or absent: the certificate is attached where the LMS takes attachments. `never`: statements alone are sent. */
  readonly attachments?: 'auto' | 'never' | undefined;
}

/** What a policy without any means. */
export const DEFAULT_XAPI_NAMES: XapiNames = {
  accountHomePage: 'https://app.mindtickle.com',
  courseBase: 'https://app.mindtickle.com/courses/',
};

/** What is sent by Slack, beside mail. */
export interface SlackPolicy {
  /** A channel, by id or name, that gets a message of everything that parks or is escalated. */
  readonly alertsChannel?: string | undefined;
  /** Whether managers and the escalation chain get their notifications as direct messages as well. */
  readonly directMessages: boolean;
  /** The attribute of an account (SCIM) that holds MindTickle's user id; `null` or absent: none does. */
  readonly userIdField?: string | null | undefined;
}

/** Who is responsible for a team, by e-mail address. */
export interface Team {
  readonly manager?: string | undefined;
  /** Who is notified after the manager, one by one. */
  readonly escalation: readonly string[];
}

export interface Program {
  readonly role?: string | undefined;
  readonly team?: string | undefined;
  readonly groups: readonly string[];
}

/** Policy and modes as a workflow took them at its start; it keeps them until it ends. */
export interface PolicySnapshot {
  readonly policy: Policy;
  readonly modes: Modes;
}
