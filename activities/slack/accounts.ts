import { effectsOfStep, findLearner, undoEffects } from '../../src/ledger';
import {
  keysDisagree,
  requireUnprotected,
  shownId,
  type AccessFound,
  type Change,
  type ConnectorDeps,
  type Person,
} from '../connector';
import { askLedger, rejected } from '../failure';
import type { Http } from '../http';
import { quote, scimPatch, scimResources } from '../scim';
import { createConfirm, createHasWritten, ownWorkflowId, reversed, type Effect, type StepContext } from '../write-once';

const FIND = 'find the account';

/**
 * `not configured`: there is no SLACK_SCIM_TOKEN, and without one nobody's account can be changed. `not supported`: the plan of
 * the workspace has no SCIM API.
 */
export type AccountChange = Change | 'not configured' | 'not supported';

export interface AccountActivities {
  /** Changes nothing. */
  readSlackAccess(person: Person): Promise<AccessFound>;
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
  const hasWritten = createHasWritten('slack', pool);
  const {
    protected: isProtected,
    slack: { userIdField = null },
  } = policy;

  async function setActive(
    to: Http,
    context: StepContext,
    { userId, email }: Person,
    active: boolean,
  ): Promise<AccountChange> {
    requireUnprotected('slack', [userId, email], isProtected);
    if (email === null) throw rejected('slack', 'knows people by their address, and this one has none');
    const user = await findUser(to, email, userIdField);
    if (user === null) return 'absent';
    if (user === 'not supported') return user;
    requireSamePerson(user, userId, userIdField);
    // The address of the event may be an older one of theirs.
    requireUnprotected('slack', user.addresses, isProtected);
    const before = { active: !active };
    const effect: Effect = { context, naturalKey: 'active', would: { active }, before, isStillSo: reversed };
    if (user.active === active) return (await confirm(effect)) ? 'done' : 'unchanged';
    const written = await to.write(effect, {
      ...scimPatch(`/Users/${encodeURIComponent(user.id)}`, { op: 'replace', path: 'active', value: active }),
      accept: [404],
      call: active ? 'activate the account' : 'deactivate the account',
    });
    if (written === 'observed') return 'observed';
    return written.status === 404 ? 'absent' : 'done';
  }

  async function restoreSlackUser(context: StepContext, person: Person, of: string): Promise<AccountChange> {
    if (scim === undefined) return 'not configured';
    const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, 'slack'));
    const ours = rows.filter(({ status, would }) => ['done', 'pending'].includes(status) && would['active'] === false);
    if (ours.length === 0) return (await hasWritten(context)) ? 'done' : 'unchanged';
    // Asked in the activity that grants, so that a leaver gets nothing back whatever order the events came in.
    const learner = await askLedger(() => findLearner(pool, person.userId));
    if (learner?.active === false) return 'not active';
    const result = await setActive(scim, context, person, true);
    if (result === 'done' || result === 'unchanged') await askLedger(() => undoEffects(pool, ours));
    return result;
  }

  async function readSlackAccess({ userId, email }: Person): Promise<AccessFound> {
    // Slack knows people by their address alone.
    if (scim === undefined || email === null) return { state: 'not supported' };
    const user = await findUser(scim, email, userIdField);
    if (user === null) return { state: 'absent' };
    if (user === 'not supported') return { state: user };
    requireSamePerson(user, userId, userIdField);
    return { state: user.active ? 'open' : 'ended' };
  }

  return {
    readSlackAccess,
    deactivateSlackUser: async (context, person) =>
      scim === undefined ? 'not configured' : setActive(scim, context, person, false),
    restoreSlackUser,
  };
}

interface Account {
  readonly id: string;
  readonly active: boolean;
  readonly addresses: readonly string[];
  /** MindTickle's, where the workspace has it. */
  readonly userId: string | null;
}

interface ScimUser {
  readonly id?: unknown;
  readonly active?: unknown;
  readonly userName?: unknown;
  readonly emails?: readonly { readonly value?: unknown }[];
  readonly [attribute: string]: unknown;
}

/**
 * The account of an address. Its own addresses are compared too: a server that ignores the filter answers with all users.
 * @throws `slack.rejected` where several have the address, or none of the answer.
 */
export async function findUser(
  scim: Http,
  email: string,
  userIdField: string | null,
): Promise<Account | 'not supported' | null> {
  const filter = encodeURIComponent(`email eq ${quote(email)}`);
  const path = `/Users?filter=${filter}`;
  const { status, body } = await scim.read({ method: 'GET', path, accept: [404, 501], call: FIND });
  // Without the API there is nothing at its address.
  if (status === 404 || status === 501) return 'not supported';
  const all = scimResources('slack', FIND, body) as readonly ScimUser[];
  const found = all.filter((one) => addressesOf(one).includes(email.toLowerCase()));
  if (found.length < Math.min(all.length, 1))
    throw rejected('slack', 'answered with users of other addresses than was asked for', { call: FIND });
  if (found.length > 1) throw rejected('slack', 'has several users of this address', { count: found.length });
  return found[0] === undefined ? null : accountOf(found[0], userIdField);
}

/** @throws `slack.rejected` */
function accountOf(user: ScimUser, userIdField: string | null): Account {
  if (typeof user.id !== 'string') throw rejected('slack', 'answered with a user without id', { call: FIND });
  const userId = userIdField === null ? null : user[userIdField];
  return {
    id: user.id,
    active: user.active !== false,
    addresses: addressesOf(user),
    userId: typeof userId === 'string' && userId !== '' ? userId : null,
  };
}

/** @throws `slack.rejected` where the account of the address has another user id. */
function requireSamePerson({ id, userId: theirs }: Account, userId: string, userIdField: string | null): void {
  if (theirs === null || theirs.toLowerCase() === userId.toLowerCase()) return;
  const otherwise = `its ${userIdField} is ${shownId(theirs)}, not ${shownId(userId)}`;
  throw keysDisagree('slack', `account ${id} by the address`, otherwise);
}

function addressesOf({ userName, emails = [] }: ScimUser): readonly string[] {
  const all = [userName, ...emails.map(({ value }) => value)];
  return all.flatMap((one) => (typeof one === 'string' ? [one.toLowerCase()] : []));
}
