import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Planned } from './deliveries';
import { forEachConcurrently } from './load';
import { planRound, type Moment, type Round } from './plan';
import { createEffects, readWorkflows, untilEnded } from './records';
import { untilDrained } from './receiver';
import { judge, type Findings } from './report';
import { createSender, openJournal, type Attempt, type Sender } from './sender';
import type { ChaosStack } from './stack';

export interface RoundsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
  /** Aborted: no further round begins. */
  readonly signal: AbortSignal;
}

export interface RoundsReport extends Findings {
  readonly rounds: number;
  readonly seed: number;
  readonly kills: number;
}

const COLLECT_EVERY_ROUNDS = 20;
const ENDED_LIMIT_MS = 120_000;
const REPORT_EVERY_ROUNDS = 10;

/** Kill the receiver once or twice a round, under a load that the seed decides, and check every promise it made. */
export async function runRounds(stack: ChaosStack, options: RoundsOptions): Promise<RoundsReport> {
  const { rounds, seed, progress, signal } = options;
  const journal = openJournal(join(stack.dir, 'journal.jsonl'));
  const effects = createEffects(stack.standIns);
  const sent = { url: stack.receiver.url, secret: stack.secret, journal };
  let kills = 0;
  try {
    await stack.receiver.start();
    for (let number = 1; number <= rounds; number += 1) {
      signal.throwIfAborted();
      const round = planRound(seed, number);
      const sender = createSender({ ...sent, connections: round.connections });
      await runRound(stack, sender, round).finally(() => sender.close());
      kills += round.moment.kind === 'load' && round.moment.againAfterMs !== null ? 2 : 1;
      if (number % COLLECT_EVERY_ROUNDS === 0 || number === rounds) {
        await untilEnded(stack.client, ENDED_LIMIT_MS);
        await effects.collect();
      }
      if (number % REPORT_EVERY_ROUNDS === 0)
        progress(`${number} of ${rounds} rounds, ${journal.attempts().length} deliveries`);
    }
  } finally {
    journal.close();
  }
  const workflows = await readWorkflows(stack.client, journal.attempts());
  return { rounds, seed, kills, ...judge({ attempts: journal.attempts(), workflows, effects: effects.counts() }) };
}

async function runRound(stack: ChaosStack, sender: Sender, round: Round): Promise<void> {
  const { moment } = round;
  await stack.standIns.addUsers(round.leavers);
  if (moment.kind !== 'load') await stack.temporalProxy.set(moment.away);
  const load = startLoad(sender, round);
  await Promise.all([load.done, strike(stack, load, moment)]);
  await stack.temporalProxy.set('open');
  const open = (await load.done).filter(({ signature }) => signature === 'right');
  await Promise.all(open.map((planned) => untilSettled(sender, planned)));
  await untilDrained(stack.receiver.url);
}

interface Load {
  /** Resolves when so many deliveries were begun. */
  readonly begun: (count: number) => Promise<void>;
  /** Those that are to be sent again. */
  readonly done: Promise<readonly Planned[]>;
}

/** So many connections, each sending one delivery after the other. */
function startLoad(sender: Sender, { deliveries, connections }: Round): Load {
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const open: Planned[] = [];
  let begun = 0;
  const done = forEachConcurrently(deliveries, connections, async (planned) => {
    begun += 1;
    for (const { count, resolve } of waiting) if (begun >= count) resolve();
    if (!isSettled(await sender.send(planned))) open.push(planned);
  }).then(() => open);
  return {
    begun: (count) =>
      new Promise((resolve) => {
        if (begun >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    done,
  };
}

async function strike({ receiver, temporalProxy }: ChaosStack, load: Load, moment: Moment): Promise<void> {
  if (moment.kind === 'drain') {
    await load.done;
    await temporalProxy.set('open');
  } else await load.begun(moment.afterSent);
  await sleep(moment.plusMs);
  await receiver.kill();
  if (moment.kind === 'load' && moment.againAfterMs !== null) {
    const starting = receiver.start();
    await sleep(moment.againAfterMs);
    await receiver.kill();
    await starting;
  }
  await receiver.start();
}

const MAX_TRIES = 200;
const AGAIN_AFTER_MS = 25;

/** Send again what has no final answer, as the sender does, but with short waits. */
async function untilSettled(sender: Sender, planned: Planned): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    if (isSettled(await sender.send(planned))) return;
    await sleep(AGAIN_AFTER_MS);
  }
  throw new Error(`${planned.eventId} had no final answer after ${MAX_TRIES} tries`);
}

/** Nothing will change by sending it again. */
function isSettled({ answer }: Attempt): boolean {
  return answer !== 'unanswered' && answer.status < 500;
}
