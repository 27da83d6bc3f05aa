import { join } from 'node:path';
import { completion, departure, progress, type Planned } from './deliveries';
import { runSteadyLoad, sendAll, type LoadReport } from './load';
import { LEARNERS } from './plan';
import { untilDrained } from './receiver';
import { createEffects, readWorkflows, untilEnded, type StartedWorkflow } from './records';
import { countAnswers, judge, type Findings } from './report';
import { createSender, openJournal, type Sender } from './sender';
import type { ChaosStack, Outage } from './stack';

export interface ScenarioOptions {
  /** How long a part is away. */
  readonly seconds: number;
  readonly ratePerSecond: number;
  /** How many deliveries one burst has. */
  readonly events: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ScenarioReport extends Findings {
  readonly scenario: ScenarioName;
  /** Every promise was kept, and every claim of the scenario holds. */
  readonly ok: boolean;
  readonly claims: Readonly<Record<string, boolean>>;
  readonly figures: object;
}

type Outcome = Pick<ScenarioReport, 'claims' | 'figures'>;

interface Scene {
  readonly stack: ChaosStack;
  readonly options: ScenarioOptions;
  readonly sender: Sender;
  /** Resolves when everything is in Temporal and has ended. */
  readonly settle: () => Promise<readonly StartedWorkflow[]>;
}

const scenarios = {
  'temporal-away': (scene: Scene) => playOutage(scene, scene.stack.temporal),
  'ledger-away': (scene: Scene) => playOutage(scene, scene.stack.ledger),
  'progress-burst': playProgressBurst,
  'replay-flood': playReplayFlood,
} as const;

export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as readonly ScenarioName[];

const CONNECTIONS = 64;
const DRAINED_LIMIT_MS = 600_000;
const ENDED_LIMIT_MS = 1_200_000;

/** Play one scenario on a stack of its own. */
export async function runScenario(
  stack: ChaosStack,
  scenario: ScenarioName,
  options: ScenarioOptions,
): Promise<ScenarioReport> {
  const journal = openJournal(join(stack.dir, 'journal.jsonl'));
  const { secret, receiver, client } = stack;
  const sender = createSender({ url: receiver.url, secret, connections: CONNECTIONS, journal });
  const effects = createEffects(stack.standIns);
  const settle = async (): Promise<readonly StartedWorkflow[]> => {
    await untilDrained(receiver.url, DRAINED_LIMIT_MS);
    await untilEnded(client, ENDED_LIMIT_MS);
    return readWorkflows(client, journal.attempts());
  };
  try {
    await receiver.start();
    const { claims, figures } = await scenarios[scenario]({ stack, options, sender, settle });
    const workflows = await settle();
    await effects.collect();
    const findings = judge({ attempts: journal.attempts(), workflows, effects: effects.counts() });
    const ok = findings.violations.length === 0 && Object.values(claims).every(Boolean);
    return { scenario, ok, claims, figures, ...findings };
  } finally {
    await sender.close();
    journal.close();
  }
}

const WARM_UP_SECONDS = 10;
const MAX_P99_RATIO = 3;

/** Under a steady load, take a part away twice for so long: freeze it, then kill it. */
async function playOutage({ options, sender, settle }: Scene, part: Outage | undefined): Promise<Outcome> {
  if (part === undefined) throw new Error('it runs elsewhere, so this process cannot stop it');
  const { seconds, progress } = options;
  const next = steadyEvents();
  const load = async (name: string, forSeconds: number): Promise<LoadReport> => {
    progress(`${name}: ${options.ratePerSecond} deliveries a second for ${forSeconds} s`);
    const report = await runSteadyLoad(sender, { ...options, seconds: forSeconds, next });
    progress(`  ${JSON.stringify(report)}`);
    return report;
  };
  await load('warming up', WARM_UP_SECONDS);
  await settle();
  const undisturbed = await load('undisturbed', seconds);
  await settle();

  await part.freeze();
  const silent = await load('silent', seconds).finally(() => part.thaw());
  const silentSettledMs = await timed(settle);
  await part.kill();
  const killed = await load('killed', seconds);
  await part.startAgain();
  const killedSettledMs = await timed(settle);

  const ratio = (of: LoadReport): number => Math.round((of.p99Ms / undisturbed.p99Ms) * 100) / 100;
  return {
    claims: {
      'every delivery answered 200': [undisturbed, silent, killed].every(({ sent, taken }) => sent === taken),
      'p99 under 3 times the undisturbed': [silent, killed].every((each) => ratio(each) < MAX_P99_RATIO),
    },
    figures: {
      ...{ undisturbed, silent, killed, silentSettledMs, killedSettledMs },
      p99Times: { silent: ratio(silent), killed: ratio(killed) },
    },
  };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begunAt = performance.now();
  await action();
  return Math.round(performance.now() - begunAt);
}

const COMPLETION_INTERVAL = 5;

/** Mostly progress, and some completions, whose certificates can be counted. */
function steadyEvents(): () => Planned {
  let count = 0;
  return () => {
    count += 1;
    const learner = LEARNERS[count % LEARNERS.length] ?? '';
    const id = `steady-${count}`;
    return count % COMPLETION_INTERVAL === 0
      ? completion(id, learner, `c-${id}`, 90)
      : progress(id, learner, `m-${count}`, 50);
  };
}

const DEPARTURES = 200;
const BEFORE_PERCENT = 5;
const MIN_DEPARTURES_BEFORE = 190;

/** Withdrawing access does not wait behind a burst of progress ticks. */
async function playProgressBurst({ stack, options, sender, settle }: Scene): Promise<Outcome> {
  const burst = Array.from({ length: options.events }, (_, index) =>
    progress(`burst-${index}`, LEARNERS[index % LEARNERS.length] ?? '', `m-${index}`, 50),
  );
  const leavers = Array.from({ length: DEPARTURES }, (_, index) => `leaver-${index}`);
  await stack.standIns.addUsers(leavers);
  const burstMs = await timed(() => sendAll(sender, burst, CONNECTIONS));
  options.progress(`${burst.length} progress deliveries answered in ${burstMs} ms`);
  const sentAt = Date.now();
  const attempts = await sendAll(
    sender,
    leavers.map((userId, index) => departure(`leave-${index}`, userId)),
    CONNECTIONS,
  );
  const departuresMs = Date.now() - sentAt;
  options.progress(
    `${attempts.length} departures answered in ${departuresMs} ms: ${JSON.stringify(countAnswers(attempts))}`,
  );
  const settledMs = await timed(() => untilDrained(stack.receiver.url, DRAINED_LIMIT_MS));
  options.progress(`drained in ${settledMs} ms`);

  const workflows = await settle();
  const startsOf = (type: string): readonly number[] =>
    workflows
      .filter((each) => each.type === type)
      .map(({ startedAt }) => startedAt)
      .sort((a, b) => a - b);
  const waiting = startsOf('moduleProgress').filter((startedAt) => startedAt > sentAt);
  const limit = waiting[Math.floor((waiting.length * BEFORE_PERCENT) / 100)] ?? Infinity;
  const departed = startsOf('offboarding');
  const before = departed.filter((startedAt) => startedAt < limit).length;
  return {
    claims: {
      [`${MIN_DEPARTURES_BEFORE} of ${DEPARTURES} departures start before ${BEFORE_PERCENT} % of the progress that waited`]:
        before >= MIN_DEPARTURES_BEFORE,
      'enough progress waited to tell': waiting.length >= options.events / 10,
    },
    figures: {
      ...{ burstMs, departuresMs, settledMs, waiting: waiting.length, before },
      lastDepartureAfterMs: (departed.at(-1) ?? sentAt) - sentAt,
      progressBeforeLastDeparture: waiting.filter((startedAt) => startedAt < (departed.at(-1) ?? 0)).length,
    },
  };
}

const REPLAYS = 1000;
const REPLAY_LIMIT = 128;
const STARTS_WITHIN_MS = 2000;

/** One captured delivery under a thousand event ids, and a genuine departure in the middle of it. */
async function playReplayFlood({ stack, sender, settle }: Scene): Promise<Outcome> {
  const captured = completion('captured', LEARNERS[0] ?? '', 'c-captured', 90);
  await stack.standIns.addUsers(['leaver']);
  await sender.send(captured);
  const flood = Array.from({ length: REPLAYS - 1 }, (_, index) => ({ ...captured, eventId: `replay-${index}` }));
  const middle = REPLAY_LIMIT / 2;
  const [before, genuine, after] = await Promise.all([
    sendAll(sender, flood.slice(0, middle), CONNECTIONS),
    sender.send(departure('genuine', 'leaver')),
    sendAll(sender, flood.slice(middle), CONNECTIONS),
  ]);
  const byAnswer = countAnswers([...before, ...after]);
  const workflows = await settle();
  const replayed = workflows.filter(({ outcome }) => outcome === 'replayed').length;
  const departed = workflows.find(({ workflowId }) => workflowId === 'genuine');
  const startedAfterMs = (departed?.startedAt ?? Infinity) - genuine.sentAt;
  return {
    claims: {
      [`429 from the ${REPLAY_LIMIT + 1}th id on`]: byAnswer['429'] === REPLAYS - REPLAY_LIMIT,
      'all but one that were accepted are replayed': replayed === REPLAY_LIMIT - 1,
      [`the departure starts within ${STARTS_WITHIN_MS} ms`]: startedAfterMs < STARTS_WITHIN_MS,
    },
    figures: { byAnswer, replayed, startedAfterMs },
  };
}
