/** The receiver on this machine, and what it has refused lately. */
import { z } from 'zod';
import { HOUR, SECOND } from '../domain';
import { fail, ok, sentence, warn, type Check, type Finding } from './check';

const readiness = z.object({
  ready: z.boolean(),
  reason: z.string().optional(),
  temporal: z.string().optional(),
  warnings: z.array(z.string()).default([]),
  spool: z.object({ records: z.number(), deadLetters: z.number() }).nullable().default(null),
});

/** Its public port answers anybody whether it accepts deliveries. */
export function receiverCheck(url: string, fetchOf: typeof fetch = fetch): Check {
  const name = 'Receiver';
  const start = 'Start `mt receiver`, or correct PORT.';
  const run = async (): Promise<readonly Finding[]> => {
    let body: unknown;
    try {
      const answer = await fetchOf(`${url}/readyz`, { redirect: 'error', signal: AbortSignal.timeout(4 * SECOND) });
      body = await answer.json();
    } catch {
      return [fail(name, `Nothing answers at ${url}/readyz.`, start)];
    }
    const read = readiness.safeParse(body);
    if (!read.success) return [fail(name, `Something else than the receiver answers at ${url}.`, start)];
    return examineReadiness(url, read.data);
  };
  return { name, whenLate: start, run };
}

function examineReadiness(
  url: string,
  { ready, reason, temporal, warnings, spool }: z.output<typeof readiness>,
): readonly Finding[] {
  const name = 'Receiver';
  if (!ready)
    return [fail(name, sentence(reason ?? 'It accepts no deliveries'), 'See what is said of Temporal and the spool.')];
  const away = temporal !== undefined && temporal !== 'ok';
  const waiting = spool?.records ?? 0;
  return [
    away
      ? warn(name, `It stores deliveries on its disk (${waiting} now): ${temporal}`, 'See what is said of Temporal.')
      : ok(name, `${url} accepts deliveries.`),
    ...warnings.map((each) => warn(name, sentence(each), 'Correct that setting, or restart the receiver.')),
    ...deadLetters(spool?.deadLetters ?? 0),
  ];
}

function deadLetters(count: number): readonly Finding[] {
  if (count === 0) return [];
  return [
    warn(
      'Receiver',
      `${count} ${count === 1 ? 'delivery' : 'deliveries'} could not be started and ${count === 1 ? 'is' : 'are'} set aside.`,
      '`mt spool status` lists them with the reason; `mt spool drain` tries them again.',
    ),
  ];
}

export interface Refused {
  readonly rule: string;
  readonly cause: string;
  readonly count: number;
  /** ISO 8601 */
  readonly lastAt: string;
}

export interface RefusalChecks {
  /** Of the last day. */
  readonly refused: () => Promise<readonly Refused[]>;
  /** When a delivery was accepted last, epoch ms; undefined: never. */
  readonly acceptedAt: () => Promise<number | undefined>;
  /** The advice of the table that refusals and `mt verify` have. */
  readonly adviseOn: (cause: string) => string | undefined;
}

/** What the ledger knows of our webhook at MindTickle; it has a line of its own where it does not answer. */
export function webhookCheck(check: () => Promise<readonly Finding[]>): Check {
  return { name: 'Webhook', whenLate: 'See why the ledger does not answer.', run: () => check().catch(() => []) };
}

/** Without the right headers, or at another address: a stranger who tries the port. */
const OF_STRANGERS: ReadonlySet<string> = new Set([
  'missing',
  'path',
  'method',
  'request',
  'request-time',
  'request-headers',
]);

export function refusalCheck({ refused, acceptedAt, adviseOn }: RefusalChecks): Check {
  const name = 'Deliveries';
  const run = async (): Promise<readonly Finding[]> => {
    const [all, last] = await Promise.all([refused(), acceptedAt()]);
    const found = all.filter(({ rule }) => !OF_STRANGERS.has(rule));
    if (found.length === 0)
      return [ok(name, last === undefined ? 'None has come yet.' : 'None was refused within a day.')];
    return found.map(({ cause, count, lastAt }) => {
      const isOver = last !== undefined && last > Date.parse(lastAt) - HOUR;
      const times = `${count} ${count === 1 ? 'was' : 'were'} refused within a day (${cause}), the last at ${lastAt}`;
      const fix = adviseOn(cause) ?? 'See docs/refusals.md.';
      return isOver
        ? warn(name, `${times}.`, fix)
        : fail(name, `${times}, and none was accepted around that time.`, fix);
    });
  };
  // The ledger has a line of its own.
  return { name, whenLate: 'See why the ledger does not answer.', run: () => run().catch(() => []) };
}
