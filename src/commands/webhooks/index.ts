import { REACTIVATE_STEP } from '../../ledger';
import { SettingsError, type Environment } from '../../settings';
import { checkWebhook, isReceiverReady, type RemoteWebhook } from '../../webhooks';
import { ownId, readOwn, withWebhooks, type WebhooksContext, type WebhooksOptions } from './context';
import { recorded } from './recorded';

export { runWebhooksRegister, type RegisterOptions } from './register';
export type { WebhooksOptions } from './context';

export interface ReactivateOptions extends WebhooksOptions {
  readonly reason: string;
  readonly force?: boolean;
}

const NO_TOKEN = 'MINDTICKLE_API_TOKEN: missing: MindTickle cannot be asked without it';
const NOT_DOCUMENTED = 'The call is not documented, and this tenant does not have it: look in Admin > Integrations.';

/** `mt webhooks list`. @returns 0, or 1 when MindTickle does not say. @throws SettingsError when no token is set. */
export async function runWebhooksList(options: WebhooksOptions, env?: Environment): Promise<number> {
  return withWebhooks(options, env, async (context) => {
    const { client, companyId } = context;
    if (client === undefined) throw new SettingsError([NO_TOKEN]);
    const listed = await client.list();
    if (!listed.ok) return fail(listed, options);
    const webhooks = listed.value.map((webhook) => ({ ...webhook, isOurs: webhook.id === ownId(context) }));
    const lines = webhooks.map((webhook) => `${webhook.isOurs ? '* ' : '  '}${lineOf(webhook)}`);
    const none = `There is no webhook for ${companyId}: mt webhooks register`;
    console.log(options.json === true ? JSON.stringify({ webhooks }) : lines.length === 0 ? none : lines.join('\n'));
    return 0;
  });
}

/**
 * `mt webhooks show`: what MindTickle says, what the ledger knows, and how it does.
 * @returns 0; 1 when something is wrong with it, or none is known.
 */
export async function runWebhooksShow(
  given: string | undefined,
  options: WebhooksOptions,
  env?: Environment,
): Promise<number> {
  return withWebhooks(options, env, async (context) => {
    const shown = await look(context, given);
    const { id, remote, checks } = shown;
    if (options.json === true) {
      const said = remote === undefined ? null : remote.ok ? remote.value : { refused: remote.says };
      console.log(JSON.stringify({ webhookId: id, mindtickle: said, ledger: context.stored, checks }));
    } else for (const line of describe(context, shown)) console.log(line);
    const isKnown = id !== null || context.stored !== null;
    return isKnown && !checks.some(({ status }) => status === 'fail') ? 0 : 1;
  });
}

async function look(context: WebhooksContext, given: string | undefined) {
  const { client, pool, namedId } = context;
  const own = ownId(context);
  const id = given ?? own ?? null;
  const remote = client === undefined || id === null ? undefined : await readOwn(client, id);
  return { id, remote, checks: id === null || id === own ? await checkWebhook(pool, namedId) : [] };
}

function describe(
  { client, stored }: WebhooksContext,
  { remote, checks }: Awaited<ReturnType<typeof look>>,
): readonly string[] {
  return [
    `MindTickle  ${remoteLine(remote, client === undefined)}`,
    `Ledger      ${ledgerLine(stored)}`,
    ...checks.map(({ status, detail, fix }) => `${status.padEnd(12)}${[detail, fix ?? ''].join(' ').trimEnd()}`),
  ];
}

function remoteLine(remote: Awaited<ReturnType<typeof readOwn>> | undefined, hasNoToken: boolean): string {
  if (hasNoToken) return 'not asked: MINDTICKLE_API_TOKEN is not set';
  if (remote === undefined) return 'not asked: no id is known (mt webhooks register, or MINDTICKLE_WEBHOOK_ID)';
  if (remote.ok) return lineOf(remote.value);
  return remote.why === 'missing' || remote.why === 'unsupported'
    ? `${remote.says} It does not know this webhook, or does not have this call, which is not documented.`
    : remote.says;
}

function ledgerLine(stored: WebhooksContext['stored']): string {
  if (stored === null) return 'none was registered';
  const { webhookId, url, events, registeredAt, by } = stored;
  const names = Object.keys(events).join(', ');
  return `${webhookId ?? 'no id'}  ${url ?? ''}  since ${registeredAt ?? '?'} by ${by ?? '?'}  ${names}`;
}

function lineOf({ id, status, url, events }: RemoteWebhook): string {
  return `${id}  ${status}  ${url ?? 'URL not said'}  ${events?.join(', ') ?? 'events not said'}`;
}

/**
 * `mt webhooks reactivate`: only while the receiver is ready, unless forced.
 * @returns 0, or 1 when it was not done. @throws SettingsError when no token or no id is known.
 */
export async function runWebhooksReactivate(
  given: string | undefined,
  options: ReactivateOptions,
  env?: Environment,
): Promise<number> {
  return withWebhooks(options, env, async (context) => {
    const { client, stored } = context;
    const id = given ?? ownId(context);
    if (client === undefined) throw new SettingsError([NO_TOKEN]);
    if (id === undefined) throw new SettingsError(['MINDTICKLE_WEBHOOK_ID: missing, and none was registered']);
    const url = options.force === true ? undefined : stored?.url;
    if (url && !(await isReceiverReady(url))) return fail({ says: notReady(url), why: 'unavailable' }, options);
    const change = { step: REACTIVATE_STEP, about: id, would: { status: 'active' }, reason: options.reason };
    const answer = await recorded(context, change, () => client.reactivate(id));
    if (!answer.ok) return fail({ ...answer, why: 'unavailable' }, options);
    console.log(options.json === true ? JSON.stringify({ ok: true, webhookId: id }) : `Re-activated ${id}. ${NEXT}`);
    return 0;
  });
}

const NEXT =
  'Deliveries come again. What failed more than 7 h 20 min ago does not: the message that it is over names the hours.';

function notReady(url: string): string {
  return `The receiver at ${url} is not ready: deliveries would fail again. See mt doctor; --force does it all the same.`;
}

function fail({ says, why }: { readonly says: string; readonly why: string }, { json }: WebhooksOptions): number {
  const isAbsent = why === 'unsupported' || why === 'missing';
  const line = isAbsent ? `${says} ${NOT_DOCUMENTED}` : says;
  if (json === true) console.log(JSON.stringify({ ok: false, why: line }));
  else console.error(`mt: ${line}`);
  return 1;
}
