import type { ApplicationFailure } from '@temporalio/activity';
import { credentialsRefused, rejected, retryAfterMs, unavailable } from '../failure';
import type { Http, HttpAnswer } from '../http';

/** One method of Slack's Web API. Resolves to what it answers with `ok: true`. */
export type CallSlack = (
  method: string,
  args: Readonly<Record<string, string>>,
) => Promise<Readonly<Record<string, unknown>>>;

/**
 * Slack's Web API (https://docs.slack.dev/apis/web-api): every method takes a form, which keeps addresses out of URLs, and
 * refuses with `ok: false` and a code, mostly with status 200.
 * @throws `slack.unavailable` (retries), `slack.rejected` with Slack's code and what to do.
 */
export function createCallSlack(http: Http): CallSlack {
  return async (method, args) => {
    const answer = await http.read({
      method: 'POST',
      call: method,
      path: `/${method}`,
      raw: new URLSearchParams(args).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      inspect: requireOk,
    });
    return fieldsOf(answer);
  };
}

function requireOk(answer: HttpAnswer): void {
  const body = fieldsOf(answer);
  if (body['ok'] === true) return;
  if (body['ok'] === false) throw slackRefusal(body, answer);
  throw rejected('slack', 'did not answer as Slack does: is SLACK_API_URL right?', { status: answer.status });
}

function fieldsOf({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}

/** These may pass on a later attempt. */
const PASSING = [
  ...['ratelimited', 'rate_limited', 'service_unavailable', 'internal_error', 'fatal_error', 'request_timeout'],
  'team_added_to_org',
];

/** Each comes with status 200, and means what others say with 401. */
const REFUSED = ['not_authed', 'invalid_auth', 'token_revoked', 'token_expired', 'account_inactive'];

const CHANNEL = 'is there such a channel, and may our app see it?';

const ADVICE: Readonly<Record<string, string>> = {
  channel_not_found: CHANNEL,
  not_in_channel: 'invite our app to the channel',
  is_archived: 'the channel is archived; name another',
  users_not_found: 'no active member of the workspace has this address',
  user_disabled: 'the member is deactivated',
  restricted_action: 'the workspace does not let our app post there',
};

function slackRefusal(body: Readonly<Record<string, unknown>>, { status, headers }: HttpAnswer): ApplicationFailure {
  const code = codeOf(body['error']) ?? 'unknown_error';
  const details = { status, code };
  if (PASSING.includes(code))
    return unavailable('slack', `answered ${code}`, details, retryAfterMs(headers.get('retry-after'), Date.now()));
  if (REFUSED.includes(code)) return credentialsRefused('slack', code, { status: 401, code }, 'set another bot token');
  const needed = scopesOf(body['needed']);
  const advice = code === 'missing_scope' ? `grant our app the scope ${needed ?? 'it asks for'}` : ADVICE[code];
  return rejected('slack', advice === undefined ? `answered ${code}` : `answered ${code}: ${advice}`, details);
}

/** `channel_not_found`: never a text that could hold more. */
function codeOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^(ratelimited|[a-z]+(_[a-z0-9]+){1,8})$/.test(value) ? value : undefined;
}

/** `chat:write,users:read.email`. */
function scopesOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[a-z]+:[a-z:.,_]{1,99}$/.test(value) ? value : undefined;
}
