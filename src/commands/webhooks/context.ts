import { userInfo } from 'node:os';
import type { Pool } from 'pg';
import { dataDirOf, readDevJson, readDevLedger } from '../../dev/data-dir';
import { explainLedger, openPool, readWebhook } from '../../ledger';
import { ledgerUrl, managementSettings, SettingsError, valueOf, withDotEnv, type Environment } from '../../settings';
import { createWebhookClient, type Answer, type RemoteWebhook, type WebhookClient } from '../../webhooks';

export interface WebhooksOptions {
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** What the commands about the webhook work with. */
export interface WebhooksContext {
  readonly pool: Pool;
  readonly apiUrl: string;
  /** Undefined: no token is set. */
  readonly client: WebhookClient | undefined;
  readonly companyId: string;
  /** Of MINDTICKLE_WEBHOOK_ID. */
  readonly namedId: string | undefined;
  readonly stored: Awaited<ReturnType<typeof readWebhook>>;
  /** Of the receiver of a running `mt dev`; undefined: there is none, or the settings are those of another tenant. */
  readonly devReceiver: string | undefined;
  /** Who does it, for the audit. */
  readonly actor: string;
}

const TIMEOUT_MS = 10_000;

/** Settings come from the environment, else from the running `mt dev`. @throws SettingsError naming what is missing. */
export async function withWebhooks<T>(
  options: WebhooksOptions,
  given: Environment | undefined,
  work: (context: WebhooksContext) => Promise<T>,
): Promise<T> {
  const env = given ?? withDotEnv(process.env);
  const { databaseUrl, ...settings } = settingsOf(env, options.dataDir ?? dataDirOf(env));
  const pool = openPool({ url: databaseUrl, max: 2, timeoutMs: TIMEOUT_MS });
  try {
    const stored = await readWebhook(pool).catch((error: unknown) => {
      throw new Error(`the ledger (DATABASE_URL): ${explainLedger(error)}`, { cause: error });
    });
    return await work({ ...settings, pool, stored, actor: userInfo().username });
  } finally {
    await pool.end();
  }
}

function settingsOf(env: Environment, dataDir: string) {
  const stack = readDevJson(dataDir);
  const { apiUrl, token, webhookId: namedId } = managementSettings(withDevApi(env, stack?.mindtickleApi));
  const companyId = valueOf(env, 'MINDTICKLE_COMPANY_ID') ?? stack?.companyId;
  const databaseUrl = ledgerUrl(env) ?? readDevLedger(dataDir);
  if (companyId === undefined || databaseUrl === undefined) throw missing({ companyId, databaseUrl });
  const isSet = token() !== undefined;
  const client = isSet ? createWebhookClient({ baseUrl: apiUrl, token: () => token() ?? '' }) : undefined;
  return { databaseUrl, apiUrl, client, companyId, namedId, devReceiver: stack?.receiver };
}

function missing(known: { readonly companyId: string | undefined; readonly databaseUrl: unknown }): SettingsError {
  const faults = [
    ...(known.companyId === undefined ? ['MINDTICKLE_COMPANY_ID: missing'] : []),
    ...(known.databaseUrl === undefined ? ['DATABASE_URL: missing: the webhook is kept in the ledger'] : []),
  ];
  return new SettingsError(faults.map((fault) => `${fault}, and no mt dev runs on this data directory`));
}

/** What no setting says is that of the stand-in. A token of the environment never goes there, nor the stand-in's elsewhere. */
function withDevApi(env: Environment, api: { readonly url: string; readonly token: string } | undefined): Environment {
  const isOwn = ['MINDTICKLE_API_URL', 'MINDTICKLE_API_TOKEN'].some((name) => valueOf(env, name) !== undefined);
  return isOwn || api === undefined ? env : { ...env, MINDTICKLE_API_URL: api.url, MINDTICKLE_API_TOKEN: api.token };
}

/** The webhook that is ours, by the setting or by the ledger. */
export function ownId({ namedId, stored }: Pick<WebhooksContext, 'namedId' | 'stored'>): string | undefined {
  return namedId ?? stored?.webhookId ?? undefined;
}

/** Our webhook, as far as it can be read: by itself, else from the list. */
export async function readOwn(client: WebhookClient, id: string): Promise<Answer<RemoteWebhook>> {
  const shown = await client.show(id);
  if (shown.ok || (shown.why !== 'missing' && shown.why !== 'unsupported')) return shown;
  const listed = await client.list();
  const found = listed.ok ? listed.value.find((webhook) => webhook.id === id) : undefined;
  return found === undefined ? shown : { ok: true, value: found };
}
