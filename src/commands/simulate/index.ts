import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { dataDirAt, dataDirOf, readDevJson, readSecrets, writeWhole, type StackInfo } from '../../dev/data-dir';
import { lockFile } from '../../file-lock';
import { SettingsError } from '../../settings';
import { stopAsked } from '../../stop-signal';
import { createLogger } from '../../telemetry';
import { connectNow } from '../../temporal';
import { createMindtickle, type Mindtickle, type Webhook } from './mindtickle';
import { seededRandom, type Plan } from './plan';
import { createProgress, type Progress } from './progress';
import { printReport, reportOf } from './report';
import { scenarios, type Scenario } from './scenarios';
import { settle } from './settle';
import { createStage, type RunningStage } from './stage';
import type { ScenarioName } from '../scenario-titles';

export interface SimulateOptions {
  readonly seed?: number;
  readonly count?: number;
  /** Deliveries a second. */
  readonly rate?: number;
  /** How many of them at once. */
  readonly burst?: number;
  readonly compression?: number;
  /** False: a retry repeats the first signature. */
  readonly resign?: boolean;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** Five minutes of MindTickle's are 83 ms, a day is 24 s. */
const COMPRESSION = 3600;

/**
 * `mt simulate`: play a scenario through the stand-in of MindTickle in a running `mt dev`, and compare what was sent and answered
 * with what came of it.
 * @returns 0 when nothing is lost or doubled and everything came to its rest, else 1.
 * @throws SettingsError when no `mt dev` runs on the data directory.
 */
export async function runSimulate(name: ScenarioName, options: SimulateOptions): Promise<number> {
  const dataDir = options.dataDir ?? dataDirOf(process.env);
  const info = readDevJson(dataDir);
  if (info === undefined)
    throw new SettingsError([
      `no mt dev runs on ${dataDir}: start one with \`npx mt dev\`; no other stack is simulated`,
    ]);
  const lock = lockFile(join(dataDir, 'simulate.lock'), '');
  if (lock === undefined) throw new Error('another simulation runs on this mt dev: wait until it has ended');
  const stopping = new AbortController();
  void stopAsked().then(() => stopping.abort());
  const { client, close } = await connectNow({
    log: createLogger('simulate', 'error'),
    env: { ...process.env, TEMPORAL_ADDRESS: info.temporalAddress },
  });
  const progress = createProgress(options.json !== true && process.stderr.isTTY);
  try {
    return await simulate({ name, options, info, dataDir, client, progress, signal: stopping.signal });
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    console.error('stopped before it was over');
    return 1;
  } finally {
    progress.end();
    await close();
    lock.release();
  }
}

interface Simulation {
  readonly name: ScenarioName;
  readonly options: SimulateOptions;
  readonly info: StackInfo;
  readonly dataDir: string;
  readonly client: Client;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function simulate(simulation: Simulation): Promise<number> {
  const { name, options, info, client, progress, signal } = simulation;
  const scenario: Scenario = scenarios[name];
  const { seed = Math.floor(Math.random() * 1e6), compression = COMPRESSION } = options;
  const run = randomBytes(3).toString('hex');
  const count = options.count ?? scenario.count;
  const plan = scenario.plan({ run, count, random: seededRandom(seed), now: Date.now() });
  const mindtickle = createMindtickle(info);
  const { mail: before } = await mindtickle.state();
  await addPeople(mindtickle, plan, progress, signal);

  const { resign = true } = options;
  await mindtickle.set({ secret: info.webhookSecret, compression, resign, reachable: true });
  await mindtickle.news();
  const url = `${info.receiver}/webhooks/mindtickle`;
  const webhook = await mindtickle.subscribe(url, scenario.subscribed, info.companyId);
  await mindtickle.reactivate(webhook.webhookId, scenario.subscribed);
  const stage = createStage({
    mindtickle,
    webhook: { ...webhook, events: [...scenario.subscribed] },
    secretFile: secretFileOf(simulation),
    secret: info.webhookSecret,
    rate: options.rate ?? scenario.rate,
    burst: options.burst ?? scenario.burst,
    compression,
    keepHouse: () => client.schedule.getHandle(`housekeeping:${info.companyId}`).trigger(),
    note: progress.note,
    signal,
  });
  const stopShowing = showProgress(stage, plan, progress);
  try {
    await scenario.play(stage, plan.events);
    await stage.untilDelivered();
    const verdict = await settle({ client, progress, signal, mindtickle, journal: stage.journal(), plan, run });
    stopShowing();
    progress.end();
    const { mail: after, mindtickle: tenant } = await mindtickle.state();
    const report = reportOf({
      ...{ name, run, seed, compression, scenario, plan, stage, verdict },
      notes: progress.notes(),
      mails: after.messages.slice(before.messages.length),
      mindtickleMails: tenant.mails.filter(({ subject }) => subject.includes(webhook.webhookId)),
    });
    printReport(report, options.json === true);
    return report.ok ? 0 : 1;
  } finally {
    stopShowing();
    await restore(simulation, mindtickle, webhook);
  }
}

/** Only where the secret is `mt dev`'s own: one of the user's environment is not ours to change. */
function secretFileOf({ name, info, dataDir }: Simulation): string | undefined {
  const dir = dataDirAt(dataDir);
  if (readSecrets(dir).webhookSecret === info.webhookSecret) return dir.webhookSecret;
  if (name === 'rotation')
    throw new SettingsError([
      "rotation: this mt dev has the environment's MINDTICKLE_WEBHOOK_SECRET; start it without",
    ]);
  return undefined;
}

/** As it was before, also when the simulation was stopped in between. */
async function restore(simulation: Simulation, mindtickle: Mindtickle, webhook: Webhook): Promise<void> {
  const { webhookSecret: secret } = simulation.info;
  await mindtickle.set({ secret, compression: 1, resign: true, reachable: true });
  await mindtickle.reactivate(webhook.webhookId, webhook.events);
  const file = secretFileOf(simulation);
  if (file !== undefined) writeWhole(file, `${secret}\n`);
}

const ADMINISTERED = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const MANAGER = 'mona.lindqvist@example.com';

/** The people of the simulation, in the identity provider, with a manager. */
async function addPeople(mindtickle: Mindtickle, { people, groups }: Plan, progress: Progress, signal: AbortSignal) {
  const { identity } = await mindtickle.state();
  const manager = identity.users.find(({ userName }) => userName === MANAGER)?.id;
  const ids: string[] = [];
  for (const { userId, email, name } of people) {
    signal.throwIfAborted();
    const user = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ADMINISTERED],
      userName: email,
      externalId: userId,
      displayName: name,
      active: true,
      emails: [{ value: email, type: 'work', primary: true }],
      ...(manager !== undefined && { [ADMINISTERED]: { manager: { value: manager } } }),
    };
    ids.push(await mindtickle.addUser(user));
    progress.show(`people: ${ids.length} of ${people.length} are in the identity provider`);
  }
  for (const group of groups) await mindtickle.addToGroup(group, ids);
}

function showProgress(stage: RunningStage, { events }: Plan, progress: Progress): () => void {
  const timer = setInterval(() => {
    const lines = stage.journal();
    const attempts = lines.filter((line) => line.kind === 'attempt');
    const delivered = lines.filter((line) => line.kind === 'end' && line.outcome === 'delivered').length;
    const failed = attempts.filter(({ status }) => status === null || status >= 300).length;
    progress.show(`${attempts.length} sent, ${failed} of them failed · ${delivered} of ${events.length} delivered`);
  }, 200);
  return () => clearInterval(timer);
}
