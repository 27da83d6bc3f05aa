import { ApplicationFailure } from '@temporalio/activity';
import type { Reread, Rereader } from '../src/receiver';

export interface ReadingActivities {
  rereadEnvelope(envelope: unknown): Promise<Reread>;
}

/** @throws `quarantine.unreadable` (permanent) with a sentence that names fields, never values. */
export function createReadingActivities(read: Rereader): ReadingActivities {
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
