/** What is known of our webhook at MindTickle at one moment. Times are epoch ms. */
export interface WebhookFacts {
  readonly now: number;
  /** Null: `mt webhooks register` has recorded none, and no setting names one. */
  readonly webhook: {
    /** Null: it was entered by hand, and its id is not known. */
    readonly id: string | null;
    readonly url: string | null;
    /** The events that it is wanted for, by when each was subscribed. */
    readonly events: Readonly<Record<string, number>>;
    readonly registeredAt: number | null;
  } | null;
  readonly deliveries: DeliveryFacts;
  /** What MindTickle said last; null: it was never asked, because no token or id is known. */
  readonly remote: RemoteFacts | null;
  readonly receiver: ReceiverFacts;
  /** When we have re-activated it, oldest first. */
  readonly reactivations: readonly number[];
}

export interface DeliveryFacts {
  readonly firstAt: number | null;
  readonly lastAt: number | null;
  /** The longest silence around this hour of the week, one entry for each past week that the ledger knows, in ms. */
  readonly usualSilencesMs: readonly number[];
  /** Within the last hour. */
  readonly accepted: number;
  /** The same, of deliveries that may be MindTickle's: by likely cause, the most frequent first. */
  readonly refused: readonly { readonly cause: string; readonly count: number }[];
  /** Events of which one came since the webhook was subscribed to them. */
  readonly came: readonly string[];
}

export interface RemoteFacts {
  readonly at: number;
  /** `unknown`: it cannot be read, or does not say. */
  readonly status: 'active' | 'suspended' | 'gone' | 'unknown';
  /** Null: it does not say. */
  readonly events: readonly string[] | null;
  /** Why it could not be asked. `unsupported`: MindTickle does not have the call, which it does not document either. */
  readonly problem: 'unsupported' | 'refused' | 'unavailable' | null;
}

export interface ReceiverFacts {
  /** Null: it cannot be asked, because its URL is not known. */
  readonly isReady: boolean | null;
  /** When it was last found ready; null: never. */
  readonly readyAt: number | null;
  /** The last time in which it was not found ready, an hour or longer, and which is over. */
  readonly outage: { readonly from: number; readonly to: number } | null;
}
