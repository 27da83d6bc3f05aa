import { effectsOfStep, findLearner } from '../../src/ledger';
import { requireUnprotected, type Change, type ConnectorDeps, type Person } from '../connector';
import { askLedger, rejected } from '../failure';
import type { Http } from '../http';
import { quote, scimPatch, scimResources } from '../scim';
import { createConfirm, ownWorkflowId, reversed, type Effect, type StepContext } from '../write-once';

/** `not configured`: there is no SLACK_SCIM_TOKEN, and without one nobody's account can be changed. */
export type AccountChange = Change | 'not configured';

export interface AccountActivities {
  /** End a leaver's sign-in to the workspace. */
  deactivateSlackUser(context: StepContext, person: Person): Promise<AccountChange>;
  /** Undo what step `of` changed; what never happened needs no undoing, and a leaver gets nothing back. */
  restoreSlackUser(context: StepContext, person: Person, of: string): Promise<AccountChange>;
}

/**
 * The accounts of a workspace by Slack's SCIM API 2.0 (https://docs.slack.dev/reference/scim-api), which the larger plans
 * have; without `scim` there is no token for it. Each change looks before it writes: that shows, after a lost answer, whether
 * it was done.
 * @throws `slack.unavailable` and `ledger.unavailable` (retry), `slack.rejected`.
 */
export function createAccountActivities(scim: Http | undefined, { pool, policy }: ConnectorDeps): AccountActivities {
  const confirm = createConfirm('slack', pool);
  const { protected: isProtected } = policy;

  async function setActive(
    to: Http,
    context: StepContext,
    { userId, email }: Person,
    active: boolean,
  ): Promise<Change> {
    requireUnprotected('slack', [userId, email], isProtected);
    // Slack knows nothing of MindTickle's ids.
    if (email === null) throw rejected('slack', 'knows people by their address, and this one has none');
    const user = await findUser(to, email);
    if (user === null) return 'absent';
    // The address of the event may be an older one of theirs.
    requireUnprotected('slack', user.addresses, isProtected);
    const before = { active: !active };
    const effect: Effect = { context, naturalKey: 'active', would: { active }, before, isStillSo: reversed };
    if (user.active === active) return (await confirm(effect)) ? 'done' : 'unchanged';
    const written = await to.write(effect, {
      ...scimPatch(`/Users/${encodeURIComponent(user.id)}`, { op: 'replace', path: 'active', value: active }),
      accept: [404],
    });
    if (written === 'observed') return 'observed';
    return written.status === 404 ? 'absent' : 'done';
  }

  async function restoreSlackUser(context: StepContext, person: Person, of: string): Promise<AccountChange> {
    if (scim === undefined) return 'not configured';
    const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, 'slack'));
    const isOurs = rows.some(({ status, would }) => ['done', 'pending'].includes(status) && would['active'] === false);
    if (!isOurs) return 'unchanged';
    // Asked in the activity that grants, so that a leaver gets nothing back whatever order the events came in.
    const learner = await askLedger(() => findLearner(pool, person.userId));
    return learner?.active === false ? 'not active' : setActive(scim, context, person, true);
  }

  return {
    deactivateSlackUser: async (context, person) =>
      scim === undefined ? 'not configured' : setActive(scim, context, person, false),
    restoreSlackUser,
  };
}

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
  const filter = encodeURIComponent(`email eq ${quote(email)}`);
  const { body } = await scim.read({ method: 'GET', path: `/Users?filter=${filter}` });
  const [user, ...others] = scimResources('slack', body) as readonly ScimUser[];
  if (user === undefined) return null;
  if (others.length > 0) throw rejected('slack', 'has several users of this address', { count: others.length + 1 });
  if (typeof user.id !== 'string') throw rejected('slack', 'answered with a user without id');
  const addresses = (user.emails ?? []).flatMap(({ value }) => value ?? []);
  return { id: user.id, active: user.active !== false, addresses };
}
