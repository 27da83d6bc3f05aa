import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import { isEmail, type Notification, type PolicySnapshot } from '../../src/domain';
import { createChat, subjectOf } from './chat';
import type { EscalateRequest } from '../messages';
import type { People, Recipient } from './people';
import { mail, whyFailed } from './activity-proxies';
import type { Recorder } from './state';
import type { Refusal } from './steps';

/** How long a process that has ended waits for letters about it that are still on their way. */
const LAST_LETTERS = '30 seconds';

/** Letters about a process, beside its steps: they never hold it up, and never park it. */
export interface Notices {
  /** Tell the administrators that a step is parked; the answer stops it, for when it is parked no more. */
  readonly parked: (step: string, refusal: Refusal) => () => void;
  /** Tell the next in line, or `to`. */
  readonly escalate: (request: EscalateRequest) => void;
  /** Who leads gets a letter in the chat too, where the policy says so: that is read sooner. */
  readonly message: (recipient: Recipient, letter: Notification) => void;
  readonly finish: () => Promise<void>;
  /** None is on its way. */
  readonly areSent: () => boolean;
  /** How many there were: their numbers key the ledger's rows of effects. */
  readonly count: () => number;
}

export interface NoticesDeps {
  readonly userId: string;
  readonly workflowId: string;
  readonly about: string;
  readonly recorder: Recorder;
  readonly people: () => People;
  readonly terms: () => PolicySnapshot | undefined;
  /** How many a run before has sent. */
  readonly before: number;
}

export function createNotices(deps: NoticesDeps): Notices {
  const { userId, workflowId, about, recorder, people, terms, before } = deps;

  const letters = createLetters(recorder, () => terms() !== undefined);
  let count = before;
  const nextStep = (): string => `notice ${(count += 1)}`;
  const chat = createChat({ userId, recorder, terms, nextStep });

  /** False when somebody else has just told the same. */
  async function send({ to, role }: Recipient, letter: Notification): Promise<boolean> {
    const mode = terms()?.modes.mail ?? 'off';
    const step = nextStep();
    if (mode === 'off') return true;
    const context = { step, userId, mode };
    const summary = `Tell the ${role}: ${letter.kind}`;
    const sent = await mail.sendLetter.executeWithOptions({ summary }, [context, to, role, letter]);
    if (sent === 'sent') recorder.tell({ role, letter: subjectOf(letter) });
    return sent !== 'told before';
  }

  function message({ role, to }: Recipient, letter: Notification): void {
    const isWanted = terms()?.policy.slack?.directMessages === true && (role === 'manager' || role === 'lead');
    if (isWanted) letters.begin(() => chat.tell(role, { email: to }, letter));
  }

  function parked(step: string, { why, cause }: Refusal): () => void {
    return letters.begin(async () => {
      const letter = { kind: 'parked', about, step, why, workflowId, ...(cause !== undefined && { cause }) } as const;
      let isNews = terms()?.policy.administrators.length === 0;
      for (const to of terms()?.policy.administrators ?? [])
        isNews = (await send({ to, role: 'administrator' }, letter)) || isNews;
      if (isNews) await chat.post(letter);
    });
  }

  async function tellNext(to: string | undefined, reason: string): Promise<void> {
    const next: Recipient | null = to === undefined ? await people().next() : { role: 'other', to };
    if (next === null) {
      recorder.note({ what: 'nobody further in line', by: 'mindtickle', reason: null });
      return;
    }
    const letter = { kind: 'escalation', about, reason, workflowId } as const;
    await send(next, letter);
    recorder.note({ what: `told the ${next.role}`, by: 'mindtickle', reason });
    await chat.post(letter);
  }

  function escalate({ reason, by, to }: EscalateRequest): void {
    if (to !== undefined && !isEmail(to)) {
      recorder.noteIgnored('escalate', by, '`to` must be an e-mail address');
      return;
    }
    recorder.note({ what: 'escalate', by, reason });
    letters.begin(() => tellNext(to, reason));
  }

  return { parked, escalate, message, finish: letters.finish, areSent: letters.areSent, count: () => count };
}

interface Letters {
  /** The answer stops it. */
  readonly begin: (work: () => Promise<void>) => () => void;
  readonly finish: () => Promise<void>;
  readonly areSent: () => boolean;
}

/** Outside the process's own scope: a cancelled process still says what it has to say. */
function createLetters(recorder: Recorder, isReady: () => boolean): Letters {
  const scopes = new Set<CancellationScope>();

  async function run(scope: CancellationScope, work: () => Promise<void>): Promise<void> {
    try {
      await scope.run(async () => {
        await condition(isReady);
        await work();
      });
    } catch (error) {
      if (!isCancellation(error))
        recorder.note({ what: 'a letter was not sent', by: 'mindtickle', reason: whyFailed(error) });
    } finally {
      scopes.delete(scope);
    }
  }

  function begin(work: () => Promise<void>): () => void {
    let scope: CancellationScope | undefined;
    void CancellationScope.nonCancellable(() => {
      scope = new CancellationScope();
      scopes.add(scope);
      return run(scope, work);
    });
    return () => scope?.cancel();
  }

  async function finish(): Promise<void> {
    if (scopes.size === 0 || (await condition(() => scopes.size === 0, LAST_LETTERS, { summary: 'Last letters' })))
      return;
    for (const scope of scopes) scope.cancel();
    await condition(() => scopes.size === 0);
  }

  return { begin, finish, areSent: () => scopes.size === 0 };
}
