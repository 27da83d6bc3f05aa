const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const PATH = '/webhooks/mindtickle';

/** Why a webhook cannot have this URL, as a sentence; undefined: it can. */
export function faultOfWebhookUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return 'it is not a URL';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (protocol === 'http:' && !LOOPBACK.includes(hostname))
    return 'it has to begin with https://: over http, anybody on the way reads who joins and who leaves';
  if (protocol !== 'https:' && protocol !== 'http:') return 'it has to begin with https://';
  if (username !== '' || password !== '') return 'it has a user name or a password in it, which MindTickle would show';
  return hash === '' ? undefined : 'it has a fragment (#…), which is never sent';
}

/** What may be a slip in a URL that is possible; undefined: nothing. */
export function doubtOfWebhookUrl(text: string): string | undefined {
  return new URL(text).pathname.endsWith(PATH)
    ? undefined
    : `The receiver answers at ${PATH}: a proxy has to lead ${new URL(text).pathname} there.`;
}
