/** Where a process says what it is: its search attributes, its memo, and its page in Temporal Web UI. */
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import { LISTED_REST, searchAttributes } from '../../src/domain';
import type { Rest } from './rest';
import { describeState } from './web-ui';
import type { ListedRest, Phase, ProcessState } from '../messages';

export interface Published {
  readonly state: ProcessState;
  /** Epoch ms. */
  readonly deadline: number | null;
  /** What happens at the deadline, as a sentence. */
  readonly next: string | null;
  readonly rest: Rest | null;
}

type Searched = Readonly<{
  phase: Phase;
  deadline: number | null;
  needs: Rest['needs'] | null;
  cause: string | null;
}>;

/** As the receiver starts a workflow. */
const STARTED: Searched = { phase: 'working', deadline: null, needs: null, cause: null };

/**
 * Each upsert is an event of the history: one for all search attributes that have changed, and one for the memo where what
 * has to be done is another. The memo stays while it works again, and counts only with the attribute `MindtickleNeeds`. The
 * details cost nothing. So a case is published when it comes to rest; what works on by itself is at rest again within
 * moments, or has ended. `isFirstRun`: what was published is known; a later run may have got what the first one began with.
 */
export function createPublisher(
  title: string,
  messages: readonly string[],
  isFirstRun: boolean,
): (now: Published) => void {
  let searched: Partial<Searched> = isFirstRun ? STARTED : {};
  let listed = '';
  return ({ state, deadline, next, rest }) => {
    const now: Searched = {
      phase: state.phase,
      deadline,
      needs: rest?.needs ?? null,
      cause: rest?.listed.cause ?? null,
    };
    if (isWorthIt(searched, state, rest)) {
      const changed = differing(searched, now);
      if (changed.length > 0) upsertSearchAttributes(changed);
      searched = now;
    }
    listed = listRest(title, rest, listed);
    setCurrentDetails(describeState({ title, messages, state, next }));
  };
}

/** Work is, where people waited for a person or a system; and the end, where there was more to read than how it began. */
function isWorthIt(searched: Partial<Searched>, { phase }: ProcessState, rest: Rest | null): boolean {
  if (rest !== null || phase === 'undoing') return true;
  if (phase === 'done') return searched !== STARTED;
  return searched.needs !== 'time' && searched !== STARTED;
}

function differing(before: Partial<Searched>, now: Searched): SearchAttributeUpdatePair[] {
  const { phase, deadline, needs, cause } = searchAttributes;
  const changed: SearchAttributeUpdatePair[] = [];
  if (now.phase !== before.phase) changed.push({ key: phase, value: now.phase });
  if (now.deadline !== before.deadline)
    changed.push({ key: deadline, value: now.deadline === null ? null : new Date(now.deadline) });
  if (now.needs !== before.needs) changed.push({ key: needs, value: now.needs });
  if (now.cause !== before.cause) changed.push({ key: cause, value: now.cause });
  return changed;
}

const MAX_ABOUT = 300;

function listRest(about: string, rest: Rest | null, before: string): string {
  if (rest === null) return before;
  const memo: ListedRest = { about: about.slice(0, MAX_ABOUT), ...rest.listed };
  const now = JSON.stringify(memo);
  if (now !== before) upsertMemo({ [LISTED_REST]: memo });
  return now;
}
