import express from 'express';
import { Refusal, requireAuthorization, type Protocol } from '../protocol';
import { matching, patched, refuseAsScim, sendList, sendScim } from '../scim';
import type { Stored } from '../store';
import type { Workspace, WorkspaceUser } from './workspace';

/** Slack's SCIM API 2.0, as far as accounts are looked up, deactivated and activated again by it. */
export function slackScim(workspace: Stored<Workspace>, token: string): Protocol {
  const routes = express.Router();

  const unauthorized = new Refusal(401, 'unauthorized', 'invalid_authentication');
  routes.use(requireAuthorization(`Bearer ${token}`, unauthorized));

  routes.get('/Users', ({ query }, response) => {
    const isFound = matching(query['filter'], [], ['email', 'userName', 'id']);
    const found = workspace.read().users.filter(({ id, name, email }) => isFound({ id, userName: name, email }));
    sendList(response, found.map(resourceOf));
  });

  routes.get('/Users/:id', ({ params }, response) => sendScim(response, resourceOf(find(workspace.read(), params.id))));

  routes.patch('/Users/:id', ({ params, body }, response) => {
    const before = workspace.read();
    const user = find(before, params.id);
    const { active } = patched({ active: user.active }, body, ['active']);
    if (typeof active !== 'boolean') throw new Refusal(400, 'invalidValue', 'active is a boolean');
    const changed = { ...user, active };
    if (active !== user.active)
      workspace.write({ ...before, users: before.users.map((one) => (one === user ? changed : one)) });
    sendScim(response, resourceOf(changed));
  });

  return { path: '/scim/v2', routes, refuse: refuseAsScim };
}

/** @throws Refusal */
function find({ users }: Workspace, id: string): WorkspaceUser {
  const user = users.find((one) => one.id === id);
  if (user === undefined) throw new Refusal(404, 'not-found', 'user_not_found');
  return user;
}

function resourceOf({ id, name, realName, email, active, externalId }: WorkspaceUser) {
  const emails = [{ value: email, primary: true }];
  const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
  return { schemas, id, externalId, userName: name, displayName: realName, emails, active };
}
