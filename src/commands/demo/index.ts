import { randomBytes } from 'node:crypto';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { deliver } from '../../dev/mindtickle';
import type { StandInsState } from '../../dev/stand-ins';
import { createLogger } from '../../telemetry';
import { connectNow } from '../../temporal';
import { demoDeliveries, missingEffects, type DemoDelivery } from './deliveries';
import { untilResting, type Rest } from './resting';
import { dataDirOf, type StackInfo } from '../../dev/data-dir';
import { openStack } from './stack';

export interface DemoOptions {
  /** An earlier run's id: its event ids are sent again. */
  readonly run?: string;
  readonly json?: boolean;
  /** Of the `mt dev` that runs; absent: as the environment has it. */
  readonly dataDir?: string;
}

export interface DemoEvent {
  readonly event: string;
  readonly eventId: string;
  readonly workflowId: string;
  readonly workflowType: string | null;
  readonly status: string;
  readonly phase: string | null;
  readonly outcome: string | null;
  readonly webUi: string;
  /** The receiver knew the event id already. */
  readonly duplicate: boolean;
  /** What is wrong with it; empty when nothing is. */
  readonly faults: readonly string[];
}

/** A first start after a build on a busy laptop; at rest it is a second or two. */
const REST_LIMIT_MS = 60_000;

/**
 * Send a signed delivery of each event through a running `mt dev`, or one of its own, and show what came of each.
 * Returns the exit code: 1 when anything did not come to its first rest with its effects.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { run = randomBytes(4).toString('hex'), json = false, dataDir = dataDirOf(process.env) } = options;
  const stack = await openStack(dataDir);
  const { client, close } = await connectNow({
    log: createLogger('demo', 'error'),
    env: { ...process.env, TEMPORAL_ADDRESS: stack.info.temporalAddress },
  });
  try {
    const deliveries = await asSentBefore(client, demoDeliveries(run, Date.now()));
    const answers = await sendAll(deliveries, stack.info);
    const rests = await Promise.all(
      deliveries.map(({ eventId, lastStep }) => untilResting(client, eventId, lastStep, REST_LIMIT_MS)),
    );
    const effects = await readState(stack.info.standIns);
    const events = deliveries.map((delivery, index) =>
      judge(
        delivery,
        answers[index] ?? NO_ANSWER,
        rests[index] ?? null,
        effects,
        webUiOf(stack.info, client, delivery),
      ),
    );
    const ok = events.every(({ faults }) => faults.length === 0);
    print({ ok, run, events, effects }, json, stack.info);
    return ok ? 0 : 1;
  } finally {
    await close();
    await stack.stop();
  }
}

/** A repeated run sends the same bytes again: other ones of the same event id are a conflict, which people are notified of. */
function asSentBefore(client: Client, deliveries: readonly DemoDelivery[]): Promise<readonly DemoDelivery[]> {
  return Promise.all(
    deliveries.map(async (delivery) => ({ ...delivery, data: (await sentBefore(client, delivery)) ?? delivery.data })),
  );
}

/** `data` of the body that the event's workflow began with; undefined: it has none yet. */
async function sentBefore(client: Client, { eventId }: DemoDelivery): Promise<object | undefined> {
  try {
    const handle = client.workflow.getHandle(eventId);
    // Of a workflow that is not there, `fetchHistory` says so in another way.
    await handle.describe();
    const { events } = await handle.fetchHistory();
    const [, body] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    return (JSON.parse(Buffer.from(body?.data ?? []).toString()) as { readonly data: object }).data;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

interface SendAnswer {
  readonly status: number;
  readonly duplicate: boolean;
}

const NO_ANSWER: SendAnswer = { status: 0, duplicate: false };

function sendAll(deliveries: readonly DemoDelivery[], info: StackInfo): Promise<SendAnswer[]> {
  return Promise.all(
    deliveries.map(async ({ event, eventId, data }) => {
      const url = `${info.receiver}/webhooks/mindtickle`;
      const sent = await deliver({ url, secret: info.webhookSecret, event, data, companyId: info.companyId, eventId });
      return { status: sent.status, duplicate: (sent.body as { duplicate?: unknown }).duplicate === true };
    }),
  );
}

async function readState(standIns: string): Promise<StandInsState> {
  const response = await fetch(`${standIns}/_state`, { signal: AbortSignal.timeout(10_000) });
  return (await response.json()) as StandInsState;
}

function judge(
  delivery: DemoDelivery,
  answer: SendAnswer,
  rest: Rest | null,
  effects: StandInsState,
  webUi: string,
): DemoEvent {
  const { event, eventId, workflowType } = delivery;
  const named = { event, eventId, workflowId: eventId, webUi, duplicate: answer.duplicate };
  if (rest === null) {
    const faults = [`no workflow; the receiver answered ${answer.status}`];
    return { ...named, workflowType: null, status: 'NONE', phase: null, outcome: null, faults };
  }
  const faults = [
    ...(answer.status === 200 ? [] : [`the receiver answered ${answer.status}`]),
    ...(rest.workflowType === workflowType ? [] : [`expected the workflow type ${workflowType}`]),
    ...(rest.phase === 'waiting' || rest.status === 'COMPLETED' ? [] : [`did not come to rest: ${describe(rest)}`]),
    ...missingEffects(delivery, rest.steps, effects).map((what) => `missing: ${what}`),
  ];
  const { status, phase, outcome } = rest;
  return { ...named, workflowType: rest.workflowType, status, phase, outcome, faults };
}

function describe({ phase, steps }: Rest): string {
  const open = steps.filter(({ status }) => status === 'running' || status === 'parked');
  return `${phase ?? 'no phase'}; ${open.map(({ step, status, detail }) => `${step} ${status} ${detail ?? ''}`).join(', ')}`;
}

function webUiOf({ temporalUi }: StackInfo, client: Client, { eventId }: DemoDelivery): string {
  return `${temporalUi ?? ''}/namespaces/${client.options.namespace}/workflows/${eventId}`;
}

interface DemoReport {
  readonly ok: boolean;
  readonly run: string;
  readonly events: readonly DemoEvent[];
  readonly effects: StandInsState;
}

function print(report: DemoReport, json: boolean, info: StackInfo): void {
  if (json) {
    console.log(JSON.stringify(report));
    return;
  }
  for (const { event, workflowType, phase, outcome, duplicate, faults, webUi } of report.events) {
    const mark = faults.length === 0 ? '✓' : '✗';
    const end = `${outcome ?? phase ?? '-'}${duplicate ? ', a duplicate' : ''}`;
    console.log(`${mark} ${event.padEnd(22)} ${(workflowType ?? '-').padEnd(17)} ${end}`);
    console.log(`  ${webUi}`);
    for (const fault of faults) console.log(`  ${fault}`);
  }
  console.log(`\nWhat the other systems hold now: ${info.standIns}`);
  console.log(`The same events again, to see that nothing happens twice: npx mt demo --run ${report.run}`);
}
