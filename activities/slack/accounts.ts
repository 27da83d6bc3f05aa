import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import { isProtectedUser, type Policy } from '../../src/domain';
import { effectsOfStep, findLearner } from '../../src/ledger';
import type { Confirm, Effect, StepContext } from '../write-once';
import { rejected } from '../failure';
import type { Http } from '../http';
import type { Change } from '../identity/changes';
import type { Person } from '../identity/driver';
import { askLedger } from '../ledger/call';

/** `not configured`: there is no SLACK_SCIM_TOKEN, and without one nobody's account can be changed. */
export type AccountChange = Change | 'not configured';

export interface AccountActivities {
  /** End a leaver's sign-in to the workspace. */
  deactivateChatUser(context: StepContext, person: Person): Promise<AccountChange>;
  /** Undo what step `of` changed; what never happened needs no undoing, and a leaver gets nothing back. */
  restoreChatUser(context: StepContext, person: Person, of: string): Promise<AccountChange>;
}

export interface AccountDeps {
  /** Slack's SCIM API, by an administrator's token; undefined: there is none. */
  readonly scim: Http | undefined;
  readonly pool: Pool;
  readonly confirm: Confirm;
  /** Never changed by us. */
  readonly isProtected: Policy['protected'];
}

/**
 * The accounts of a workspace by Slack's SCIM API 2.0 (https://docs.slack.dev/reference/scim-api), which the larger plans
 * have. Each change looks before it writes: after a lost answer that tells whether it was done.
 * @throws `slack.unavailable` and `ledger.unavailable` (retry), `slack.rejected`.
 */
export function createAccountActivities({ scim, pool, confirm, isProtected }: AccountDeps): AccountActivities {
  async function setActive(
    to: Http,
    context: StepContext,
    { userId, email }: Person,
    active: boolean,
  ): Promise<Change> {
    requireUnprotected([userId, email]);
    // Slack knows nothing of MindTickle's ids.
    if (email === null) throw rejected('slack', 'knows people by their address, and this one has none');
    const user = await findUser(to, email);
    if (user === null) return 'absent';
    // The address of the event may be an older one of theirs.
    requireUnprotected(user.addresses);
    const effect: Effect = { context, naturalKey: 'active', would: { active }, before: { active: !active } };
    if (user.active === active) return (await confirm(effect)) ? 'done' : 'unchanged';
    const written = await to.write(effect, {
      method: 'PATCH',
      path: `/Users/${encodeURIComponent(user.id)}`,
      body: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'active', value: active }] },
      accept: [404],
    });
    if (written === 'observed') return 'observed';
    return written.status === 404 ? 'absent' : 'done';
  }

  function requireUnprotected(names: readonly (string | null)[]): void {
    if (isProtectedUser(names, isProtected))
      throw rejected('slack', 'must not change this user: protected by the policy');
  }

  async function restoreChatUser(context: StepContext, person: Person, of: string): Promise<AccountChange> {
    if (scim === undefined) return 'not configured';
    const workflowId = Context.current().info.workflowExecution?.workflowId ?? 'none';
    const rows = await askLedger(() => effectsOfStep(pool, workflowId, of, 'slack'));
    const isOurs = rows.some(({ status, would }) => ['done', 'pending'].includes(status) && would['active'] === false);
    if (!isOurs) return 'unchanged';
    // Asked in the activity that grants, so that a leaver gets nothing back whatever order the news came in.
    const learner = await askLedger(() => findLearner(pool, person.userId));
    return learner?.active === false ? 'not active' : setActive(scim, context, person, true);
  }

  return {
    deactivateChatUser: async (context, person) =>
      scim === undefined ? 'not configured' : setActive(scim, context, person, false),
    restoreChatUser,
  };
}

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

interface Account {
  readonly id: string;
  readonly active: boolean;
  readonly addresses: readonly string[];
}

interface ScimUser {
  readonly id?: unknown;
  readonly active?: unknown;
  readonly emails?: readonly { readonly value?: string }[];
}

export async function findUser(scim: Http, email: string): Promise<Account | null> {
  // A filter's string is a JSON string (RFC 7644 §3.4.2.2): this also closes the way for quotes in an address.
  const filter = encodeURIComponent(`email eq ${JSON.stringify(email)}`);
  const { body } = await scim.read({ method: 'GET', path: `/Users?filter=${filter}` });
  const [user, ...others] = resourcesOf(body);
  if (user === undefined) return null;
  if (others.length > 0) throw rejected('slack', 'has several users of this address', { count: others.length + 1 });
  if (typeof user.id !== 'string') throw rejected('slack', 'answered with a user without id');
  const addresses = (user.emails ?? []).flatMap(({ value }) => value ?? []);
  return { id: user.id, active: user.active !== false, addresses };
}

/** What is no list at all, a sign-in page, must not read as an empty one. */
function resourcesOf(body: unknown): readonly ScimUser[] {
  const { Resources: found, totalResults } = (body ?? {}) as { Resources?: unknown; totalResults?: unknown };
  if (Array.isArray(found)) return found as readonly ScimUser[];
  if (totalResults === 0) return [];
  throw rejected('slack', 'did not answer with a SCIM list: is its URL right?');
}
