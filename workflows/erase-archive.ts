/** Removes a person's files from the archive, where somebody asked for it and the policy says so. */
import { archive, readPolicySnapshot } from './process';
import { beginRelease } from './releases';

/** `off`: the connector of the archive is not `on`, and removes nothing. */
export interface Erasure {
  readonly outcome: 'done' | 'off';
}

/** Who asked waits for the answer, and can ask again. */
const OPTIONS = { retry: { maximumAttempts: 3 }, scheduleToCloseTimeout: '45 seconds' } as const;

/** `keys`: paths under the archive's root, as the ledger knows them; started by an operator. */
export async function eraseArchive(keys: readonly string[]): Promise<Erasure> {
  beginRelease();
  const { modes } = await readPolicySnapshot.executeWithOptions({ summary: 'Read the policy' }, []);
  if (modes.archive !== 'on') return { outcome: 'off' };
  await archive.removeFiles.executeWithOptions({ ...OPTIONS, summary: 'Remove the files of the person' }, [keys]);
  return { outcome: 'done' };
}
