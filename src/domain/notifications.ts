import { nameKey } from './names';

/** A step that waits for a person, as people are notified of it. The texts come from an event or a person. */
interface Parked {
  readonly about: string;
  /** Its key, as `retryStep` takes it. */
  readonly step: string;
  readonly title: string;
  readonly why: string;
  readonly workflowId: string;
  /** ISO 8601. */
  readonly since: string;
  /** What happens although nobody acts, as a sentence; null: nothing. */
  readonly meanwhile: string | null;
  readonly due: Due | null;
  /** What may stop many workflows alike: one message an hour names all of them. Absent: each has a message. */
  readonly cause?: string;
}

/** What happens by itself at a time: `at` ISO 8601, `next` as a sentence. */
interface Due {
  readonly at: string;
  readonly next: string | null;
}

/** One workflow of a digest. */
export interface DigestCase {
  readonly about: string;
  readonly workflowId: string;
  readonly step: string;
  /** ISO 8601. */
  readonly since: string;
}

/** What each kind of notification says. The texts come from the event or a person; times are ISO 8601. */
interface Kinds {
  recertify: { readonly certName: string; readonly deadline: string };
  'recertify-report': { readonly certName: string; readonly deadline: string; readonly userId: string };
  remind: { readonly certName: string; readonly deadline: string; readonly daysLeft: number };
  lapsed: { readonly certName: string; readonly userId: string; readonly graceEnds: string };
  coach: { readonly quizName: string; readonly userId: string; readonly percent: number | null };
  welcome: { readonly role: string | null };
  moved: { readonly role: string | null };
  nudge: { readonly userId: string; readonly forManager: boolean };
  certificate: { readonly courseName: string };
  offboarded: { readonly userId: string; readonly report: readonly string[] };
  escalation: {
    readonly about: string;
    readonly reason: string;
    readonly workflowId: string;
    /** When it began. */
    readonly since: string;
    /** What it waits for, as a sentence; null while it works. */
    readonly waitingFor: string | null;
    readonly due: Due | null;
  };
  parked: Parked;
  quarantined: {
    /** As the delivery names it; null: it cannot be read. */
    readonly event: string | null;
    readonly why: string;
    readonly workflowId: string;
    /** When the delivery came. */
    readonly since: string;
    /** What would run as the event of a leaver, as `redrive` takes it; in capitals what somebody has to fill in. */
    readonly corrected: unknown;
  };
  digest: { readonly cause: string; readonly cases: readonly DigestCase[]; readonly more: number };
  webhook: {
    readonly what: 'begun' | 'over';
    /** What is or was wrong, a sentence. */
    readonly says: string;
    /** What to do, a sentence each. */
    readonly todo: readonly string[];
    readonly since: string;
    /** Events of this time may be missing: from the last delivery before to the first one after. Null: none are. */
    readonly gap: { readonly from: string | null; readonly to: string | null } | null;
  };
}

/** The notifications that we send. A new one is a line in `Kinds`, its topic, and its words in `notification-words`. */
export type Notification = { [Kind in keyof Kinds]: { readonly kind: Kind } & Kinds[Kind] }[keyof Kinds];
export type NotificationKind = keyof Kinds;
export type NotificationOf<Kind extends NotificationKind> = Kinds[Kind];

/** What a notification is about, in a few words: for the lists of what was sent. */
export const NOTIFICATION_TOPICS: Readonly<Record<keyof Kinds, string>> = {
  recertify: 'the certificate has to be renewed',
  'recertify-report': 'a certificate of the team has to be renewed',
  remind: 'a reminder to renew the certificate',
  lapsed: 'the certificate has lapsed',
  coach: 'coaching is needed',
  welcome: 'the program is open',
  moved: 'the program is another one',
  nudge: 'the program was not started yet',
  certificate: 'the certificate is issued',
  offboarded: 'the report of the offboarding',
  escalation: 'an escalation',
  parked: 'a step is parked',
  quarantined: 'a delivery is in quarantine',
  digest: 'what waits for the same cause',
  webhook: 'the health of the webhook',
};

/** Causes that stop many workflows alike, and that are ours. Others are the words of a system that refuses. */
export const SHARED_CAUSES = {
  noAddress: 'no address is known of the learner',
  leaverLimit: 'over the limit of leavers an hour',
  quarantined: 'deliveries that cannot be read',
  offboardingGone: 'offboardings that were ended in Temporal before they were done',
} as const;

/** What to do about a shared cause, as a sentence or command. */
export const CAUSE_ADVICE: Readonly<Record<string, string>> = {
  [SHARED_CAUSES.noAddress]: 'Import the people who are missing: mt learners import people.csv',
  [SHARED_CAUSES.leaverLimit]: 'Check that they have left. Then retryStep lets one go on, and cancel stops it.',
  [SHARED_CAUSES.offboardingGone]:
    'Access may still be open. Send the event again under a new event id, or end the access by hand.',
  [SHARED_CAUSES.quarantined]: 'Read why on the page of each, then redrive it (as it is or corrected) or discard it.',
};

const LEAVING = /deprovision|\bde[-_ ]provision|offboard|\boff[-_ ]board|deactivat|terminat/;

/** Does a text name an event that ends a person's access, however it is written? For what cannot be read. */
export function mayBeLeaver(text: string): boolean {
  return LEAVING.test(nameKey(text));
}
