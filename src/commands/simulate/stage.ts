import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWhole } from '../../dev/data-dir';
import type { JournalLine } from '../../dev/stand-ins';
import type { Mindtickle, Webhook } from './mindtickle';
import type { Stage } from './scenarios';
import type { PlannedEvent } from './plan';

export interface StageOptions {
  readonly mindtickle: Mindtickle;
  readonly webhook: Webhook;
  /** The receiver reads its signing secrets here; undefined: they cannot be rotated. */
  readonly secretFile: string | undefined;
  readonly secret: string;
  readonly rate: number;
  readonly burst: number;
  readonly compression: number;
  /** Starts our housekeeping now. */
  readonly keepHouse: () => Promise<void>;
  readonly note: (what: string) => void;
  readonly signal: AbortSignal;
}

export interface RunningStage extends Stage {
  readonly journal: () => readonly JournalLine[];
  /** Ask MindTickle what it has sent since the last time. */
  readonly look: () => Promise<void>;
  /** Who re-activated the webhook; null: nobody had to. */
  readonly healedBy: () => 'housekeeping' | 'this command' | null;
  readonly suspendedAt: () => string | null;
}

const HOUR_MS = 3_600_000;
const POLL_MS = 250;
/** For our own housekeeping, before this command re-activates the webhook as an administrator would. */
const HEAL_LIMIT_MS = 30_000;

/** The world that a scenario is played in. */
export function createStage(options: StageOptions): RunningStage {
  const { compression, signal } = options;
  const wait = async (ms: number): Promise<void> => {
    await sleep(Math.max(0, ms), undefined, { signal });
  };
  const sending = createSending(options, wait);
  return {
    ...sending,
    ...rotationOf(options),
    ...healingOf(options),
    send: (events) => sending.pace(events, options.burst, (options.burst / options.rate) * 1000),
    spread: async (events, hours) => {
      const totalMs = (hours * HOUR_MS) / compression;
      const endsAt = performance.now() + totalMs;
      await sending.pace(events, 1, totalMs / events.length);
      await wait(endsAt - performance.now());
    },
    hours: (hours) => wait((hours * HOUR_MS) / compression),
    setReachable: async (reachable) => {
      await options.mindtickle.set({ reachable });
      const what = reachable ? 'deliveries reach the receiver again' : 'nothing that is sent reaches the receiver';
      options.note(what);
    },
  };
}

function createSending({ mindtickle, webhook }: StageOptions, wait: (ms: number) => Promise<void>) {
  const lines: JournalLine[] = [];
  const sent = new Set<string>();
  const look = async (): Promise<void> => {
    lines.push(...(await mindtickle.news()).filter(({ eventId }) => sent.has(eventId)));
  };
  const until = async (isThere: () => boolean): Promise<void> => {
    for (;;) {
      await look();
      if (isThere()) return;
      await wait(POLL_MS);
    }
  };
  return {
    journal: (): readonly JournalLine[] => lines,
    look,
    /** Bursts of `size`, one every `everyMs`. */
    pace: async (events: readonly PlannedEvent[], size: number, everyMs: number): Promise<void> => {
      const begunAt = performance.now();
      for (let first = 0; first < events.length; first += size) {
        await wait(begunAt + (first / size) * everyMs - performance.now());
        const burst = events.slice(first, first + size);
        for (const { eventId } of burst) sent.add(eventId);
        await mindtickle.happen(burst, webhook.webhookId);
        await look();
      }
    },
    untilAnswered: (status: number) =>
      until(() => lines.some((line) => line.kind === 'attempt' && line.status === status)),
    untilDelivered: () => until(() => lines.filter(({ kind }) => kind === 'end').length >= sent.size),
  };
}

function rotationOf({ mindtickle, secret, secretFile, note }: StageOptions): Pick<Stage, 'rotate' | 'introduceSecret'> {
  const rotated = randomBytes(24).toString('hex');
  return {
    rotate: async () => {
      await mindtickle.set({ secret: rotated });
      note('MindTickle signs with a new secret');
    },
    introduceSecret: () => {
      if (secretFile !== undefined) writeWhole(secretFile, `${rotated}\n${secret}\n`);
      note('the receiver has the new secret, in front of the old one');
    },
  };
}

function healingOf(options: StageOptions): Pick<RunningStage, 'heal' | 'healedBy' | 'suspendedAt'> {
  const { mindtickle, webhook, note } = options;
  let healedBy: ReturnType<RunningStage['healedBy']> = null;
  let suspendedAt: string | null = null;
  return {
    heal: async () => {
      suspendedAt = (await mindtickle.webhook(webhook.webhookId))?.suspendedAt ?? null;
      if (suspendedAt === null) return;
      note(`MindTickle has suspended the webhook at ${suspendedAt}`);
      await options.keepHouse();
      healedBy = (await isActiveWithin(HEAL_LIMIT_MS, options)) ? 'housekeeping' : 'this command';
      if (healedBy === 'this command') await mindtickle.reactivate(webhook.webhookId, webhook.events);
      note(`re-activated by ${healedBy === 'housekeeping' ? 'our housekeeping' : healedBy}`);
    },
    healedBy: () => healedBy,
    suspendedAt: () => suspendedAt,
  };
}

async function isActiveWithin(limitMs: number, { mindtickle, webhook, signal }: StageOptions): Promise<boolean> {
  const endsAt = performance.now() + limitMs;
  while (performance.now() < endsAt) {
    if ((await mindtickle.webhook(webhook.webhookId))?.status === 'active') return true;
    await sleep(POLL_MS, undefined, { signal });
  }
  return false;
}
