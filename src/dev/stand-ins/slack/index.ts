import express, { type RequestHandler } from 'express';
import { html, marked, messages, table, type Html } from '../html';
import { isSecret, type Protocol } from '../protocol';
import type { Stored } from '../store';
import type { HttpStandIn, SystemContext } from '../system';
import { methods, type MethodAnswer } from './methods';
import { slackScim } from './scim';
import { seedWorkspace, summaryOf, workspaceSchema, type SlackState, type Workspace } from './workspace';

/**
 * A Slack workspace: the Web API at `/slack/api/<method>` and the SCIM API at `/slack/scim/v2`, behind a bearer token. As
 * at Slack a refusal is `ok: false` with a code under status 200, a message posted twice is there twice, and a method that
 * only reads accepts no JSON.
 */
export function slack(context: SystemContext): HttpStandIn<SlackState> {
  const workspace = context.open(workspaceSchema, seedWorkspace);
  return {
    protocols: [webApi(workspace, context), slackScim(workspace, context.token)],
    clientPath: '/api',
    state: () => summaryOf(workspace.read()),
    card: () => card(summaryOf(workspace.read())),
  };
}

function webApi(workspace: Stored<Workspace>, { token, now }: SystemContext): Protocol {
  const call: RequestHandler<{ method: string }> = (request, response) => {
    const { authorization } = request.headers;
    const { method: name } = request.params;
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    const answer = (answered: MethodAnswer): void =>
      void response.json(typeof answered === 'string' ? { ok: false, error: answered } : { ok: true, ...answered });
    if (!['GET', 'POST'].includes(request.method) || method === undefined) {
      answer('unknown_method');
    } else if (!isSecret(authorization, `Bearer ${token}`)) {
      answer(authorization === undefined ? 'not_authed' : 'invalid_auth');
    } else {
      const isJson = typeof request.is('application/json') === 'string';
      const body = isJson && method.acceptsJson !== true ? {} : (request.body as object | undefined);
      answer(method.run({ args: { ...request.query, ...body }, workspace, now: now() }));
    }
  };
  return {
    path: '/api',
    parsers: [express.json({ limit: '1mb' }), express.urlencoded({ extended: false, limit: '1mb' })],
    routes: express.Router().all('/:method', call),
    refuse: (response, { status, code }) => {
      if (code === 'unreadable') response.json({ ok: false, error: 'invalid_json' });
      else if (code === 'unknown-path') response.status(status).send('Not found');
      else response.status(status).json({ ok: false, error: status === 429 ? 'ratelimited' : 'internal_error' });
    },
  };
}

function card({ messages: posted, users }: SlackState): Html {
  const members = table({
    caption: `Members: ${users.filter(({ active }) => active).length} active`,
    columns: [{ label: 'Member' }, { label: 'Account' }],
    rows: users.map(({ name, email, active }) => [
      html`${name}<small>${email}</small>`,
      marked(active ? 'active' : 'deactivated', active),
    ]),
  });
  const shown = posted.map(({ channelName, to, text, ts, channel }) => {
    const [title = '', ...more] = asRead(text).split('\n');
    const at = new Date(Number(ts) * 1000).toISOString();
    return {
      key: `${channel} ${ts}`,
      title,
      about: [`${channelName ?? to ?? ''} · ${at}`],
      text: more.join('\n').trim(),
    };
  });
  return html`${messages(shown)} ${members}`;
}

/** As Slack shows it: the three characters that are sent otherwise. */
function asRead(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
