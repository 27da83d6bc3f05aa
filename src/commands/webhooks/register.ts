import { WITHOUT_EVENT } from '../../domain';
import { eventNames, isEventName } from '../../events';
import { storeWebhook } from '../../ledger';
import { nearest } from '../../nearest';
import { SettingsError, type Environment } from '../../settings';
import {
  doubtOfWebhookUrl,
  faultOfWebhookUrl,
  planWebhook,
  type WantedWebhook,
  type WebhookAction,
  type WebhookClient,
} from '../../webhooks';
import { byHand } from './by-hand';
import { carryOut, type Outcome } from './carry-out';
import { ownId, withWebhooks, type WebhooksContext, type WebhooksOptions } from './context';

export interface RegisterOptions extends WebhooksOptions {
  readonly url?: string;
  readonly events?: string;
  readonly dryRun?: boolean;
  /** It was entered by hand: it is only recorded. */
  readonly entered?: boolean;
}

/** The JSON document of `mt webhooks register --json`. */
interface Registered extends WantedWebhook, Outcome {
  readonly dryRun: boolean;
  readonly warnings: readonly string[];
}

/**
 * `mt webhooks register`: have MindTickle deliver these events to this URL, and keep its id in the ledger. Run again, it changes
 * nothing.
 * @returns 0 when it is so (or, with `--dry-run`, the plan is made), 1 when something has to be done by hand, or MindTickle refuses.
 * @throws SettingsError for a URL or an event that cannot be.
 */
export async function runWebhooksRegister(options: RegisterOptions, env?: Environment): Promise<number> {
  return withWebhooks(options, env, async (context) => {
    const wanted = { url: urlOf(options, context), events: eventsOf(options), companyId: context.companyId };
    const warnings = warningsOn(wanted);
    const outcome = await register(context, wanted, options);
    print({ ...outcome, ...wanted, dryRun: options.dryRun === true, warnings }, options.json === true);
    return outcome.ok ? 0 : 1;
  });
}

function urlOf({ url }: RegisterOptions, { stored, devReceiver }: WebhooksContext): string {
  const wanted = url ?? stored?.url ?? (devReceiver === undefined ? undefined : `${devReceiver}/webhooks/mindtickle`);
  if (wanted === undefined)
    throw new SettingsError(['--url: missing: the public URL of the receiver, https://…/webhooks/mindtickle']);
  const fault = faultOfWebhookUrl(wanted);
  if (fault !== undefined) throw new SettingsError([`--url: ${fault}`]);
  return wanted;
}

function eventsOf({ events }: RegisterOptions): readonly string[] {
  if (events === undefined) return eventNames;
  const named = [...new Set(events.split(',').map((each) => each.trim()))].filter((each) => each !== '');
  const faults = named
    .filter((each) => !isEventName(each))
    .map((each) => {
      const meant = nearest(each, eventNames);
      return `--events: ${each} is no event; ${meant === undefined ? `there are ${eventNames.join(', ')}` : `did you mean ${meant}?`}`;
    });
  if (named.length === 0) faults.push('--events: names none');
  if (faults.length > 0) throw new SettingsError(faults);
  return named;
}

function warningsOn({ url, events }: WantedWebhook): readonly string[] {
  const doubt = doubtOfWebhookUrl(url);
  const left = Object.entries(WITHOUT_EVENT).filter(([event]) => !events.includes(event));
  return [
    ...left.map(([event, consequence]) => `WITHOUT ${event}: ${consequence}.`),
    ...(doubt === undefined ? [] : [doubt]),
  ];
}

async function register(
  context: WebhooksContext,
  wanted: WantedWebhook,
  { dryRun = false, entered = false }: RegisterOptions,
): Promise<Outcome> {
  const { client, pool, actor } = context;
  const nothing = { actions: [], notes: [], byHand: null };
  if (entered) {
    const webhookId = ownId(context) ?? null;
    if (!dryRun) await storeWebhook(pool, { webhookId, ...wanted, by: actor });
    return { ...nothing, ok: true, webhookId, notes: ['Recorded as it was entered by hand.'] };
  }
  if (client === undefined)
    return {
      ...nothing,
      ok: false,
      webhookId: null,
      notes: ['MINDTICKLE_API_TOKEN is not set: without it, MindTickle cannot be asked to do it.'],
      byHand: byHand(wanted),
    };
  const { plan, refusal } = await look(context, client, wanted);
  if (refusal !== undefined) return { ...nothing, ok: false, webhookId: null, notes: [refusal] };
  const base = { ...nothing, actions: plan.actions, notes: plan.notes, webhookId: ownId(context) ?? null };
  if (dryRun) return { ...base, ok: true };
  return carryOut(plan.actions, { context, client, wanted, base });
}

type Look =
  | { readonly plan: ReturnType<typeof planWebhook>; readonly refusal?: undefined }
  | { readonly plan?: undefined; readonly refusal: string };

/** Reading is not documented: not having it is no failure, a token that is refused or a server that is away is one. */
async function look(context: WebhooksContext, client: WebhookClient, wanted: WantedWebhook): Promise<Look> {
  const { stored, namedId } = context;
  const id = ownId(context);
  const listed = await client.list();
  if (!listed.ok && listed.why !== 'unsupported' && listed.status !== 403)
    return { refusal: listed.why === 'refused' ? `${listed.says} Is MINDTICKLE_API_TOKEN right?` : listed.says };
  const isListed = listed.ok && listed.value.some((webhook) => webhook.id === id);
  const shown = id === undefined || isListed ? undefined : await client.show(id);
  const known = stored && { ...stored, events: Object.keys(stored.events) };
  return { plan: planWebhook(wanted, { stored: known, namedId, listed, shown }) };
}

const SIGNS: Readonly<Record<WebhookAction['do'], string>> = {
  create: '+ register a new webhook',
  adopt: '= it is there already: keep it as ours',
  change: '~ change it',
  reactivate: '~ re-activate it: MindTickle has suspended it',
};

function print(done: Registered, isJson: boolean): void {
  if (isJson) {
    console.log(JSON.stringify(done));
    return;
  }
  for (const warning of done.warnings) console.error(`mt: WARNING: ${warning}`);
  console.log(linesOf(done).join('\n'));
}

function linesOf({ url, events, companyId, actions, notes, byHand: manual, ...done }: Registered): readonly string[] {
  const plan = actions.length === 0 ? 'nothing to change' : actions.map(describe).join('\n         ');
  const end = done.dryRun
    ? 'Nothing was changed: --dry-run.'
    : `Webhook  ${done.webhookId ?? 'without an id that is known here'}`;
  return [
    ...[`URL      ${url}`, `Company  ${companyId}`, `Events   ${events.join(', ')}`],
    ...(done.ok ? [`Plan     ${plan}`] : []),
    ...notes,
    ...(manual === null ? [] : ['', manual]),
    ...(done.ok ? [end] : []),
  ];
}

function describe(action: WebhookAction): string {
  if (action.do !== 'change') return SIGNS[action.do];
  const parts = [
    ...(action.url === undefined ? [] : [`its URL to ${action.url}`]),
    ...(action.events === undefined ? [] : [`its events to ${action.events.join(', ')}`]),
  ];
  return `${SIGNS.change}: ${parts.join(', ')}`;
}
