import { SECOND } from '../domain';

const TIMEOUT_MS = 5 * SECOND;

/**
 * Whether the receiver accepts deliveries, asked the way that they come: by the webhook's public URL. Where only that path is led to
 * the receiver, its own refusal of a GET (405, `Allow: POST`) says that it can be reached. Never rejects.
 */
export async function isReceiverReady(webhookUrl: string, send: typeof fetch = fetch): Promise<boolean> {
  const ready = await ask(webhookUrl.replace(/(\/webhooks\/mindtickle)?\/?$/, '/readyz'), send);
  if (ready === undefined || ready.ok || ready.status >= 500) return ready?.ok === true;
  const own = await ask(webhookUrl, send);
  return own?.status === 405 && (own.headers.get('allow') ?? '').includes('POST');
}

async function ask(url: string, send: typeof fetch): Promise<Response | undefined> {
  try {
    const response = await send(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response;
  } catch {
    return undefined;
  }
}
