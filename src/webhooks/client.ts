import { z } from 'zod';
import { oneLine, SECOND } from '../domain';

/** A webhook as MindTickle shows it. Nothing documents the shape of it: null is what it does not say. */
export interface RemoteWebhook {
  readonly id: string;
  readonly url: string | null;
  readonly events: readonly string[] | null;
  readonly companyId: string | null;
  readonly status: 'active' | 'suspended' | 'unknown';
}

/**
 * Why there is no answer. `unsupported`: it does not have this call. `missing`: it does not know this webhook, or does not have
 * this call. `refused`: our token. `rejected`: our request. `unavailable`: it may pass. `unclear`: nobody can read the answer.
 */
export interface Refusal {
  readonly ok: false;
  readonly why: 'unsupported' | 'missing' | 'refused' | 'rejected' | 'unavailable' | 'unclear';
  /** The HTTP status; null: there was no answer. */
  readonly status: number | null;
  /** As a sentence, without any secret. */
  readonly says: string;
}

export type Answer<T> = { readonly ok: true; readonly value: T } | Refusal;

/** What a webhook is to be. */
export interface WantedWebhook {
  readonly url: string;
  readonly events: readonly string[];
  readonly companyId: string;
}

/** MindTickle's management API. Only `create` and `reactivate` are documented. Never rejects. */
export interface WebhookClient {
  readonly create: (wanted: WantedWebhook) => Promise<Answer<{ readonly id: string }>>;
  readonly reactivate: (id: string) => Promise<Answer<null>>;
  readonly list: () => Promise<Answer<readonly RemoteWebhook[]>>;
  readonly show: (id: string) => Promise<Answer<RemoteWebhook>>;
  /** Documented is that this re-activates: whether it also changes anything has to be looked at. */
  readonly change: (id: string, changes: Partial<WantedWebhook>) => Promise<Answer<null>>;
}

export interface WebhookClientOptions {
  readonly baseUrl: string;
  /** Asked for at each call: it may be rotated. */
  readonly token: () => string;
  readonly fetch?: typeof fetch;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10 * SECOND;

export function createWebhookClient(options: WebhookClientOptions): WebhookClient {
  const ask = async <T>(method: string, path: string, read: (body: unknown) => T | undefined, body?: object) =>
    call(options, { method, path, body }, read);
  const at = (id: string): string => `/v2/webhooks/${encodeURIComponent(id)}`;
  return {
    create: ({ url, events, companyId }) => ask('POST', '/v2/webhooks', readId, { url, events, companyId }),
    reactivate: (id) => ask('PATCH', at(id), () => null, {}),
    change: (id, changes) => ask('PATCH', at(id), () => null, changes),
    list: () => ask('GET', '/v2/webhooks', readList),
    show: (id) => ask('GET', at(id), (body) => readWebhook(body) ?? readWebhook(within(body))),
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: object | undefined;
}

async function call<T>(
  options: WebhookClientOptions,
  given: Call,
  read: (body: unknown) => T | undefined,
): Promise<Answer<T>> {
  const { timeoutMs = TIMEOUT_MS } = options;
  const secret = options.token();
  const name = `${given.method} ${given.path}`;
  try {
    const { status, ok, headers, text } = await exchange(options, given, { secret, timeoutMs });
    if (!ok) return refusal(status, given, reasonIn(text, secret), headers);
    const value = read(parsed(text));
    if (value !== undefined) return { ok: true, value };
    const says = `${name} was answered with ${status}, and nobody can read what: is MINDTICKLE_API_URL right?`;
    return { ok: false, why: 'unclear', status, says };
  } catch (error) {
    return { ok: false, why: 'unavailable', status: null, says: `${name}: ${networkReason(error, timeoutMs)}.` };
  }
}

async function exchange(
  { baseUrl, fetch: send = fetch }: WebhookClientOptions,
  { method, path, body }: Call,
  { secret, timeoutMs }: { readonly secret: string; readonly timeoutMs: number },
) {
  const response = await send(`${baseUrl.replace(/\/+$/, '')}${path}`, {
    method,
    // A redirect would carry the token to an address that no setting names.
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${secret}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const { status, ok, headers } = response;
  return { status, ok, headers, text: await response.text() };
}

function networkReason(error: unknown, timeoutMs: number): string {
  const { name, cause } = error as { readonly name?: string; readonly cause?: { readonly code?: string } };
  return name === 'TimeoutError' ? `no answer within ${timeoutMs / SECOND} s` : (cause?.code ?? 'no connection');
}

function refusal(
  status: number,
  { method, path }: Pick<Call, 'method' | 'path'>,
  reason: string | undefined,
  headers: Headers,
): Refusal {
  const retryAfter = headers.get('retry-after');
  const parts = [
    `${method} ${path} was answered with ${status}`,
    ...(reason === undefined ? [] : [`: ${reason}`]),
    ...(retryAfter === null || !/^\d+$/.test(retryAfter) || !mayPass(status) ? [] : [`; try again in ${retryAfter} s`]),
  ];
  return { ok: false, why: meaningOf(status, path), status, says: `${parts.join('').replace(/\.$/, '')}.` };
}

function meaningOf(status: number, path: string): Refusal['why'] {
  if (status === 401 || status === 403) return 'refused';
  if (status === 405 || status === 501) return 'unsupported';
  if (status === 404) return path === '/v2/webhooks' ? 'unsupported' : 'missing';
  return mayPass(status) ? 'unavailable' : 'rejected';
}

function mayPass(status: number): boolean {
  return status >= 500 || [408, 425, 429].includes(status);
}

const MAX_REASON = 200;

/** MindTickle's own words, where there are any. They may repeat what we sent, but never the token. */
function reasonIn(text: string, secret: string): string | undefined {
  const read = z
    .looseObject({ message: z.string().optional(), error: z.unknown().optional(), title: z.string().optional() })
    .safeParse(parsed(text)).data;
  const nested = z.looseObject({ message: z.string() }).safeParse(read?.error).data?.message;
  const found = nested ?? read?.message ?? (typeof read?.error === 'string' ? read.error : read?.title);
  return found === undefined ? undefined : oneLine(found).replaceAll(secret, '…').slice(0, MAX_REASON);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const idText = z.union([z.string().min(1), z.number().transform(String)]);
const named = z.union([
  z.string(),
  z.looseObject({ name: z.string() }).transform(({ name }) => name),
  z.looseObject({ event: z.string() }).transform(({ event }) => event),
]);
const webhookShape = z.looseObject({
  webhookId: idText.optional().catch(undefined),
  id: idText.optional().catch(undefined),
  url: z.string().nullish().catch(null),
  events: z.array(named).nullish().catch(null),
  companyId: idText.nullish().catch(null),
  status: z.unknown().optional(),
  state: z.unknown().optional(),
  active: z.unknown().optional(),
  enabled: z.unknown().optional(),
  suspended: z.unknown().optional(),
});

function readId(body: unknown): { readonly id: string } | undefined {
  const webhook = readWebhook(body) ?? readWebhook(within(body));
  return webhook && { id: webhook.id };
}

/** `{ data: … }` and the like. */
function within(body: unknown): unknown {
  const { data, webhook } = (z.looseObject({}).safeParse(body).data ?? {}) as Readonly<Record<string, unknown>>;
  return webhook ?? data;
}

function readList(body: unknown): readonly RemoteWebhook[] | undefined {
  const { webhooks, data, items } = (z.looseObject({}).safeParse(body).data ?? {}) as Readonly<Record<string, unknown>>;
  const list = [body, webhooks, data, items].find((each) => Array.isArray(each)) as readonly unknown[] | undefined;
  return list?.map(readWebhook).filter((each) => each !== undefined);
}

function readWebhook(body: unknown): RemoteWebhook | undefined {
  const read = webhookShape.safeParse(body).data;
  const id = read?.webhookId ?? read?.id;
  if (read === undefined || id === undefined) return undefined;
  const { url = null, events = null, companyId = null } = read;
  return { id, url, events, companyId, status: statusOf(read) };
}

function statusOf(read: z.infer<typeof webhookShape>): RemoteWebhook['status'] {
  const { active, enabled, suspended } = read;
  const word = [read.status, read.state].find((each): each is string => typeof each === 'string')?.toLowerCase() ?? '';
  const isOff = suspended === true || [active, enabled].includes(false);
  if (isOff || /suspend|disabled|inactive|paused|blocked/.test(word)) return 'suspended';
  const isOn = suspended === false || [active, enabled].includes(true);
  return isOn || /active|enabled/.test(word) ? 'active' : 'unknown';
}
