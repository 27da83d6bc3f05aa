import { isUnavailable } from '../../src/ledger';
import { unavailable } from '../failure';

/**
 * Run one call to the ledger; its errors become ours.
 * @throws `ledger.unavailable` (retries) for whatever may pass; anything else is a bug and is thrown as it is.
 */
export async function askLedger<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    throw unavailable('ledger', 'did not answer', { code: codeOf(error) });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'none';
}
