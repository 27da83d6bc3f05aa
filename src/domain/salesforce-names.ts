/** How Salesforce's object, fields and picklist values are called in the company's org. */
export interface SalesforceNames {
  /** Holds one record a learner and course, certificate or module. */
  readonly trainingObject: string;
  /** Its external id: Text(255), unique, case-sensitive. */
  readonly keyField: string;
  /** Ours → theirs. */
  readonly trainingFields: {
    /** Text: MindTickle's user id. */
    readonly learnerId: string | null;
    readonly email: string | null;
    /** Text: `course`, `certificate` or `module`. */
    readonly kind: string | null;
    /** Text: of the course, certificate or module. */
    readonly title: string | null;
    /** One of `statuses`. */
    readonly status: string | null;
    /** Number, per cent. */
    readonly score: string | null;
    /** Date/Time. */
    readonly completedAt: string | null;
    /** Date/Time: by when a certificate has to be renewed. */
    readonly deadline: string | null;
    /** Number, per cent of a module. */
    readonly progress: string | null;
    /** Number: time spent in a module. */
    readonly seconds: string | null;
  };
  readonly statuses: {
    readonly completed: string;
    readonly inProgress: string;
    readonly required: string;
    readonly certified: string;
    readonly lapsed: string;
  };
  /** Of User: MindTickle's user id, or the address. `null`: no field of users holds it. */
  readonly userIdField: string | null;
  /** The external id of contacts: MindTickle's user id. */
  readonly contactKeyField: string;
  /** Ours → theirs, filled where they are blank. */
  readonly contactFields: { readonly role: string | null; readonly teamId: string | null };
}

/** What the policy file need not say. */
export const DEFAULT_SALESFORCE_NAMES = {
  trainingObject: 'Training_Status__c',
  keyField: 'External_Key__c',
  trainingFields: {
    learnerId: 'Learner_Id__c',
    email: 'Learner_Email__c',
    kind: 'Kind__c',
    title: 'Title__c',
    status: 'Status__c',
    score: 'Score__c',
    completedAt: 'Completed_At__c',
    deadline: 'Renewal_Deadline__c',
    progress: 'Progress__c',
    seconds: 'Time_Spent_Seconds__c',
  },
  statuses: {
    completed: 'Completed',
    inProgress: 'In progress',
    required: 'Recertification required',
    certified: 'Certified',
    lapsed: 'Lapsed',
  },
  userIdField: 'FederationIdentifier',
  contactKeyField: 'MindTickle_User_Id__c',
  contactFields: { role: 'Title', teamId: 'Department' },
} as const satisfies SalesforceNames;
