/** Whether what the operations depend on works: the doctor's checks, as far as this process can make them. */
import { z } from 'zod';
import { examine, fail, ok, warn, type Check } from '../../doctor';
import { SECOND } from '../../domain';
import { defineOperation, type Operation } from '../operation';

const finding = z.object({
  name: z.string(),
  /** `unknown`: it cannot be checked here. */
  status: z.enum(['ok', 'warn', 'fail', 'unknown']),
  detail: z.string(),
  /** What to do. */
  fix: z.string().nullable(),
});

const LIMIT_MS = 6 * SECOND;

export function createHealthOperation(checks: () => readonly Check[]): Operation {
  return defineOperation({
    id: 'health',
    method: 'GET',
    path: '/api/health',
    role: 'viewer',
    summary: 'Whether Temporal, the ledger, the workers and the receivers work, and what to do where they do not.',
    topics: ['connectors'],
    input: z.object({}),
    output: z.object({ checks: z.array(finding) }),
    handle: async () => ({ checks: [...(await examine(checks(), LIMIT_MS))] }),
  });
}

interface Receiver {
  readonly url: string;
  readonly ready: boolean;
  readonly problem: string | null;
}

/** By the receivers' private ports. */
export function receiversCheck(receivers: () => Promise<readonly Receiver[]>): Check {
  const start = 'See its log, and run `mt doctor --only receiver` where it runs.';
  const run = async () => {
    const answers = await receivers();
    if (answers.length === 0)
      return [warn('Receivers', 'None is known.', 'Set RECEIVER_URLS for `mt ops` to see their spools.')];
    return answers.map(({ url, ready, problem }) => {
      const name = `Receiver ${url}`;
      if (ready) return ok(name, 'It accepts deliveries.');
      const said = problem ?? 'it does not accept deliveries';
      return fail(name, `${said.charAt(0).toUpperCase()}${said.slice(1)}.`, start);
    });
  };
  return { name: 'Receivers', whenLate: start, run };
}
