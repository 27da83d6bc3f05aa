import { ApplicationFailure } from '@temporalio/activity';

/** A body that was read again, by what this deploy knows: which workflow it belongs to, and what that gets. */
export interface Reread {
  readonly workflowType: string;
  readonly event: string;
  readonly envelope: { readonly event: string; readonly data: unknown; readonly companyId: string };
}

export type Reader = (envelope: unknown) => Reread | { readonly refused: string };

export interface ReadingActivities {
  rereadEnvelope(envelope: unknown): Promise<Reread>;
}

/** @throws `quarantine.unreadable` (permanent) with a sentence that names fields, never values. */
export function createReadingActivities(read: Reader): ReadingActivities {
  return {
    rereadEnvelope: (envelope) => {
      const reread = read(envelope);
      if (!('refused' in reread)) return Promise.resolve(reread);
      return Promise.reject(
        ApplicationFailure.create({ type: 'quarantine.unreadable', message: reread.refused, nonRetryable: true }),
      );
    },
  };
}
