/** Asks receivers how they are, on their private ports. */
import { z } from 'zod';

export const receiverStatus = z.object({
  url: z.string(),
  /** It answers, and its spool takes what Temporal does not. */
  ready: z.boolean(),
  /** Null: it has none, or did not answer. */
  spool: z
    .object({
      records: z.number(),
      bytes: z.number(),
      maxBytes: z.number(),
      oldestAgeSeconds: z.number(),
      /** Why it stores nothing now. */
      refusing: z.string().nullable(),
    })
    .nullable(),
  problem: z.string().nullable(),
});

export type ReceiverStatus = z.infer<typeof receiverStatus>;

export interface AskReceivers {
  /** Base URLs of their private ports. */
  readonly urls: readonly string[];
  /** A credential of theirs, asked for at each call: it may be rotated. Undefined: none is known. */
  readonly token: () => string | undefined;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 2000;
const answer = z.object({ spool: receiverStatus.shape.spool });

/** Every receiver's status, in bounded time; one that does not answer has a problem. */
export function createReceivers({
  urls,
  token,
  timeoutMs = TIMEOUT_MS,
}: AskReceivers): () => Promise<readonly ReceiverStatus[]> {
  const ask = async (url: string): Promise<ReceiverStatus> => {
    const secret = token();
    if (secret === undefined) return failed(url, 'no token is known (OPS_TOKENS)');
    const headers = { authorization: `Bearer ${secret}` };
    try {
      const response = await fetch(new URL('/api/spool', url), {
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) return failed(url, `it answered ${response.status}`);
      const read = answer.safeParse(await response.json());
      if (!read.success) return failed(url, 'it answered in a way that is not known');
      const { spool } = read.data;
      const refusing = spool?.refusing ?? null;
      return {
        url,
        ready: refusing === null,
        spool,
        problem: refusing === null ? null : `its spool takes nothing: ${refusing}`,
      };
    } catch (error) {
      const isSilent = (error as { readonly name?: unknown }).name === 'TimeoutError';
      return failed(url, isSilent ? 'it does not answer' : 'it cannot be reached');
    }
  };
  return () => Promise.all(urls.map(ask));
}

function failed(url: string, problem: string): ReceiverStatus {
  return { url, ready: false, spool: null, problem };
}
