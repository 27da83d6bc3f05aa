import { createHash, timingSafeEqual } from 'node:crypto';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { html, type Html } from '../html';
import { httpCalls } from '../http-calls';
import { entry } from '../page-parts';
import { methods, type MethodAnswer } from './methods';
import { sendScimError, slackScim } from './scim';
import { seedWorkspace, summaryOf, workspaceSchema, type SlackState, type Workspace } from './workspace';
import type { StandIn, World } from '../stand-in';
import type { Held } from '../store';

/**
 * A Slack workspace: the Web API at `/slack/api/<method>` and the SCIM API at `/slack/scim/v2`, behind a bearer token. As
 * at Slack a refusal is `ok: false` with a code under status 200, a message posted twice is there twice, and a method that
 * only reads takes no JSON.
 */
export function slack(world: World): StandIn<SlackState> {
  const workspace = world.store.hold('slack', workspaceSchema, seedWorkspace);
  const router = express.Router();
  const parsers = [
    express.json({ type: ['application/json', 'application/scim+json'], limit: '1mb' }),
    express.urlencoded({ extended: false, limit: '1mb' }),
  ];
  router.use(httpCalls({ system: 'slack', contentTypes: [], parsers, refuse }, world));
  router.all('/api/:method', webApi(world, workspace));
  router.use('/scim/v2', scimToken(world.token), slackScim(workspace));
  router.use((_request, response) => void response.status(404).send('Not found'));
  router.use(problems(world));
  return { state: () => summaryOf(workspace.read()), show: () => show(summaryOf(workspace.read())), router };
}

function webApi({ token, now }: World, workspace: Held<Workspace>): RequestHandler<{ method: string }> {
  return (request, response) => {
    const { method: name } = request.params;
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!['GET', 'POST'].includes(request.method) || method === undefined) {
      answer(response, 'unknown_method');
    } else if (!isAuthorized(request, token)) {
      answer(response, request.headers.authorization === undefined ? 'not_authed' : 'invalid_auth');
    } else {
      const isJson = request.is('application/json') !== false && request.is('application/json') !== null;
      const body = isJson && method.takesJson !== true ? {} : (request.body as object | undefined);
      answer(response, method.run({ args: { ...request.query, ...body }, workspace, now: now() }));
    }
  };
}

function answer(response: Response, answered: MethodAnswer): void {
  response.json(typeof answered === 'string' ? { ok: false, error: answered } : { ok: true, ...answered });
}

function scimToken(token: string): RequestHandler {
  return (request, response, next) => {
    if (isAuthorized(request, token)) next();
    else sendScimError(response, 401, 'invalid_authentication');
  };
}

function isAuthorized({ headers }: Pick<Request, 'headers'>, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}

function refuse(response: Response, status: number, detail: string): void {
  if (response.req.originalUrl.startsWith('/slack/scim/')) sendScimError(response, status, detail);
  else response.status(status).json({ ok: false, error: status === 429 ? 'ratelimited' : 'internal_error' });
}

function problems({ log }: World): ErrorRequestHandler {
  return (error: Error & { readonly status?: number }, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = error.status ?? 500;
    if (status >= 500) log.error({ err: error }, 'the Slack stand-in failed');
    if (request.originalUrl.startsWith('/slack/scim/')) sendScimError(response, status, error.message);
    else answer(response.status(status >= 500 ? 500 : 200), status >= 500 ? 'internal_error' : 'invalid_json');
  };
}

function show({ messages, users }: SlackState): Html {
  const gone = users.filter(({ active }) => !active);
  return html`${[...messages].reverse().map(({ channelName, to, text, ts, channel }) => {
      const [title = '', ...more] = asRead(text).split('\n');
      const at = new Date(Number(ts) * 1000).toISOString();
      return entry({
        key: `${channel} ${ts}`,
        title,
        about: [`${channelName ?? to ?? ''} · ${at}`],
        text: more.join('\n').trim(),
      });
    })}
    ${messages.length === 0 ? html`<p class="none">No message yet.</p>` : ''}
    <table>
      <caption>
        Members: ${users.length - gone.length} active
      </caption>
      <tbody>
        ${users.map(
          ({ name, email, active }) =>
            html`<tr>
              <td>${name}<small>${email}</small></td>
              <td class="${active ? 'yes' : 'no'}">${active ? 'active' : 'deactivated'}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

/** As Slack shows it: the three characters that are sent otherwise. */
function asRead(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
