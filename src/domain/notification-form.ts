/** How the people who get a notification read it, and where they can act. */
export interface Readers {
  /** An IANA name: times are written there. */
  readonly timeZone: string;
  /** Whom it is about, by name or address; only where nobody else reads it. Absent: by MindTickle's user id alone. */
  readonly person?: string | undefined;
  readonly namespace: string;
  /** Of Temporal Web UI. */
  readonly uiUrl?: string | undefined;
  /** Of the dashboard. */
  readonly opsUrl?: string | undefined;
}

/** One line of ours: a text, or a link with its label. */
export type Line = string | { readonly label: string; readonly url: string };

export interface Words {
  readonly subject: string;
  readonly lines: readonly Line[];
}
