import express, { type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import type { Workspace, WorkspaceUser } from './workspace';
import type { Held } from '../store';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const patchSchema = z.object({
  schemas: z.tuple([z.literal(PATCH_OP)]),
  Operations: z.array(z.object({ op: z.string(), path: z.literal('active'), value: z.boolean() })).min(1),
});

const filterSchema = z.string().regex(/^(email|userName|id) eq ("(?:[^"\\]|\\.)*")$/i);

/** Slack's SCIM API 2.0, as far as accounts are looked up, deactivated and activated again by it. */
export function slackScim(workspace: Held<Workspace>): RequestHandler {
  const router = express.Router();

  router.get('/Users', ({ query }, response) => {
    const filter = filterSchema.safeParse(query['filter']);
    if (!filter.success) {
      sendScimError(response, 400, 'invalid_filter');
      return;
    }
    const [, attribute = '', value = '""'] = /^(\w+) eq (.*)$/.exec(filter.data) ?? [];
    const wanted = (JSON.parse(value) as string).toLowerCase();
    const found = workspace.read().users.filter((user) => attributeOf(user, attribute).toLowerCase() === wanted);
    response.json({
      schemas: [LIST],
      totalResults: found.length,
      itemsPerPage: found.length,
      startIndex: 1,
      Resources: found.map(resourceOf),
    });
  });

  router
    .route('/Users/:id')
    .get(({ params }, response) => {
      const user = workspace.read().users.find(({ id }) => id === params.id);
      if (user === undefined) sendScimError(response, 404, 'user_not_found');
      else response.json(resourceOf(user));
    })
    .patch(({ params, body }, response) => {
      const patch = patchSchema.safeParse(body);
      const held = workspace.read();
      const user = held.users.find(({ id }) => id === params.id);
      const isReplace = patch.data?.Operations.every(({ op }) => op.toLowerCase() === 'replace') === true;
      if (user === undefined) {
        sendScimError(response, 404, 'user_not_found');
      } else if (!isReplace) {
        sendScimError(response, 400, 'invalid_patch: here it is to replace active');
      } else {
        const active = patch.data?.Operations.at(-1)?.value ?? user.active;
        const users = held.users.map((one) => (one === user ? { ...user, active } : one));
        if (active !== user.active) workspace.write({ ...held, users });
        response.json(resourceOf({ ...user, active }));
      }
    });

  router.use((_request, response) => sendScimError(response, 404, 'There is /Users here'));
  return router;
}

export function sendScimError(response: Response, status: number, detail: string): void {
  const schemas = ['urn:ietf:params:scim:api:messages:2.0:Error'];
  response.status(status).json({ schemas, detail, status: String(status) });
}

function attributeOf({ id, name, email }: WorkspaceUser, attribute: string): string {
  if (attribute.toLowerCase() === 'email') return email;
  return attribute.toLowerCase() === 'username' ? name : id;
}

function resourceOf({ id, name, realName, email, active }: WorkspaceUser): object {
  return {
    schemas: [USER],
    id,
    userName: name,
    displayName: realName,
    emails: [{ value: email, primary: true }],
    active,
  };
}
