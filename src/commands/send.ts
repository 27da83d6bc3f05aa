import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { events, isEventName } from '../events';
import { readVariables, SettingsError, valueOf, withDotEnv, type Environment } from '../settings';
import { deliver, type Outgoing } from '../dev/mindtickle';
import { nearest } from '../nearest';
import { dataDirOf, readDevJson, type StackInfo } from '../dev/data-dir';

export interface SendOptions {
  /** The envelope's `data`; absent: a sample that fits the event. */
  readonly data?: unknown;
  /** The whole body, as it is. */
  readonly file?: string;
  readonly eventId?: string;
  /** The literal text of the timestamp header. */
  readonly timestamp?: string;
  readonly secret?: string;
  /** The receiver's endpoint, path included. */
  readonly url?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
  /** Send an event that is none of ours. */
  readonly force?: boolean;
}

/**
 * `mt send`: sign and send one delivery, once, and show the answer. What no option and no setting says is taken from the
 * `mt dev` that runs.
 * @returns 0 when the receiver answered 2xx, else 1.
 * @throws SettingsError for an unknown event, and when nothing names the secret or the company; Error when nobody answers.
 */
export async function runSend(event: string, options: SendOptions): Promise<number> {
  if (!isEventName(event) && options.force !== true) throw new SettingsError([unknownEvent(event)]);
  const env = withDotEnv(process.env);
  const running = readDevJson(options.dataDir ?? dataDirOf(env));
  const delivery = deliveryOf(event, options, env, running);
  const { status, body } = await deliver(delivery).catch((error: unknown) => {
    const { cause, message } = error as Error;
    throw new Error(`no answer from ${delivery.url}: ${cause instanceof Error ? cause.message : message}`);
  });
  print({ eventId: delivery.eventId, status, body, webUi: webUiOf(body, env, running) }, options.json === true);
  return status >= 200 && status < 300 ? 0 : 1;
}

function unknownEvent(event: string): string {
  const meant = nearest(event, Object.keys(events));
  const known = meant === undefined ? `one of ${Object.keys(events).join(', ')}` : `did you mean ${meant}?`;
  return `${event}: no event of MindTickle's; ${known} --force sends it all the same`;
}

function deliveryOf(event: string, options: SendOptions, env: Environment, running: StackInfo | undefined): Outgoing {
  const { timestamp, file } = options;
  return {
    event,
    url: options.url ?? urlOf(env, running),
    eventId: options.eventId ?? `send-${randomUUID()}`,
    secret: options.secret ?? secretOf(env, running),
    companyId: companyOf(env, running),
    data: options.data ?? (isEventName(event) ? events[event].sample({ ...SAMPLE_LEARNER, now: Date.now() }) : {}),
    ...(timestamp !== undefined && { timestamp }),
    ...(file !== undefined && { body: readFileSync(file) }),
  };
}

interface Sent {
  readonly eventId: string;
  readonly status: number;
  readonly body: unknown;
  readonly webUi: string | null;
}

function print(sent: Sent, asJson: boolean): void {
  if (asJson) {
    console.log(JSON.stringify(sent));
    return;
  }
  const { status, body, webUi } = sent;
  console.log(`${status} ${typeof body === 'string' ? body : JSON.stringify(body)}`);
  if (webUi !== null) console.log(webUi);
}

function urlOf(env: Environment, running: StackInfo | undefined): string {
  return `${running?.receiver ?? `http://127.0.0.1:${env['PORT'] ?? '3000'}`}/webhooks/mindtickle`;
}

function secretOf(env: Environment, running: StackInfo | undefined): string {
  const name = 'MINDTICKLE_WEBHOOK_SECRET';
  // Newest first: the one that MindTickle signs with after a rotation.
  const [newest] = valueOf(env, name) === undefined ? [] : readVariables(env, [name])[name];
  return newest ?? running?.webhookSecret ?? missing(name, ', --secret is not given');
}

function companyOf(env: Environment, running: StackInfo | undefined): string {
  return valueOf(env, 'MINDTICKLE_COMPANY_ID') ?? running?.companyId ?? missing('MINDTICKLE_COMPANY_ID', '');
}

function missing(name: string, also: string): never {
  throw new SettingsError([`${name}: missing${also}, and no mt dev runs on this data directory`]);
}

function webUiOf(body: unknown, env: Environment, running: StackInfo | undefined): string | null {
  const ui = running?.temporalUi ?? null;
  const workflowId = typeof body === 'object' && body !== null && 'workflowId' in body ? body.workflowId : undefined;
  if (ui === null || typeof workflowId !== 'string') return null;
  return `${ui}/namespaces/${env['TEMPORAL_NAMESPACE'] ?? 'default'}/workflows/${encodeURIComponent(workflowId)}`;
}

const SAMPLE_LEARNER = {
  userId: 'u-sample',
  email: 'sample.learner@example.com',
  role: 'Account Executive',
  teamId: 't-sample',
  run: 'sample',
};
