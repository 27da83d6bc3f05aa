/**
 * What is looked up in the ledger. An answer counts for a few seconds: the first step brings what the next ones need, and steps
 * that run one after the other ask the same. A person who decides about a step may just have put right what it had found, so
 * then everything is asked anew.
 */
import type { Known, LedgerActivities } from '../../activities';
import { SECOND } from '../../src/domain';
import { askLedger } from './activity-proxies';

type Learner = Awaited<ReturnType<LedgerActivities['findLearner']>>;
type Texts = readonly string[];

export interface LookUps {
  /** `summary`: what for, as a sentence for people. Null: the ledger does not know the learner. */
  readonly learner: (summary: string) => Promise<Learner>;
  /** Whom of these addresses, in lower case, no message about the learner may go to; others may be among the answer. */
  readonly unfit: (addresses: Texts) => Promise<Texts>;
  /** Other active learners, by id, who have one of these addresses of the learner's account. */
  readonly sharers: (emails: Texts) => Promise<Texts>;
  /** What the first step has brought. */
  readonly know: (known: Known) => void;
  readonly forget: () => void;
}

const COUNTS_FOR = 10 * SECOND;

export function createLookUps(userId: string): LookUps {
  const learner = remembering<null, Learner>(() => true);
  const unfit = remembering<Texts, Texts>(includesAll);
  const sharers = remembering<Texts, Texts>(includesAll);

  return {
    learner: (summary) => learner.ask(null, () => askLedger('findLearner', summary, userId)),
    unfit: (addresses) =>
      unfit.ask(addresses, () => askLedger('findUnfit', 'Has one of them left?', { userId, addresses })),
    sharers: (emails) =>
      sharers.ask(emails, () => askLedger('findSharers', 'Has another learner the account?', { userId, emails })),
    know: (known) => {
      if (known.learner !== undefined) learner.know(null, known.learner);
      if (known.unfit !== undefined) unfit.know(known.unfit.addresses, known.unfit.answer);
      if (known.sharers !== undefined) sharers.know(known.sharers.emails, known.sharers.answer);
    },
    forget: () => {
      for (const answers of [learner, unfit, sharers]) answers.forget();
    },
  };
}

/** `covers`: the answer to what was asked says what is wanted, too. */
function remembering<Question, Answer>(covers: (asked: Question, wanted: Question) => boolean) {
  let last: { readonly asked: Question; readonly answer: Answer; readonly at: number } | undefined;
  const know = (asked: Question, answer: Answer): void => {
    last = { asked, answer, at: Date.now() };
  };
  return {
    know,
    forget: () => (last = undefined),
    ask: async (wanted: Question, call: () => Promise<Answer>): Promise<Answer> => {
      if (last !== undefined && Date.now() - last.at < COUNTS_FOR && covers(last.asked, wanted)) return last.answer;
      const answer = await call();
      know(wanted, answer);
      return answer;
    },
  };
}

function includesAll(asked: Texts, wanted: Texts): boolean {
  const known = new Set(asked.map(keyOf));
  return wanted.every((one) => known.has(keyOf(one)));
}

function keyOf(address: string): string {
  return address.trim().toLowerCase();
}
