import { effectsOfStep, findLearner } from '../../src/ledger';
import { requireUnprotected, type Change, type Person } from '../connector';
import { askLedger, rejected } from '../failure';
import { ownWorkflowId, reversed, type Effect, type StepContext } from '../write-once';
import { literal, type SalesforceApi, type SalesforceParts } from './api';

interface User {
  readonly Id: string;
  readonly Username: string;
  readonly Email: string | null;
  readonly FederationIdentifier: string | null;
  readonly IsActive: boolean;
}

/** `UserLogin`: what lets a user sign in, apart from the user, who keeps all they own. */
interface Login {
  readonly Id: string;
  readonly IsFrozen: boolean;
}

export interface UserActivities {
  /**
   * Freeze the user: no sign-in, all else as it was (`UserLogin.IsFrozen`). Looked up by address, then by MindTickle's
   * user id. `unchanged`: frozen or deactivated already.
   */
  freezeCrmUser(context: StepContext, person: Person): Promise<Change>;
  /**
   * Undo what step `of` did, by its rows: the very user that it froze, whatever their address is now. What never
   * happened needs no undoing; a learner who has left gets nothing back (`not active`).
   */
  restoreCrmUser(context: StepContext, person: Person, of: string): Promise<Change>;
}

/**
 * Users are frozen, not deactivated: that can be undone, needs no licence, and goes through for one who owns records or
 * is somebody's default. Wants the permission Manage Users.
 */
export function createUserActivities({ api, pool, write, confirm, isProtected }: SalesforceParts): UserActivities {
  async function freezeCrmUser(context: StepContext, person: Person): Promise<Change> {
    requireUnprotected('salesforce', [person.userId, person.email], isProtected);
    const user = await findUser(api, person);
    if (user === null) return 'absent';
    requireUnprotected('salesforce', [user.Email, user.Username], isProtected);
    const [login] = await logins(`UserId = ${literal(user.Id)}`);
    if (login === undefined) return 'absent';
    // One who is deactivated cannot sign in: nothing to freeze, and nothing to give back.
    return user.IsActive ? setFrozen(context, login, true) : 'unchanged';
  }

  async function restoreCrmUser(context: StepContext, person: Person, of: string): Promise<Change> {
    const loginId = await frozenBy(of);
    if (loginId === null) return 'unchanged';
    requireUnprotected('salesforce', [person.userId, person.email], isProtected);
    if ((await askLedger(() => findLearner(pool, person.userId)))?.active === false) return 'not active';
    const [login] = await logins(`Id = ${literal(loginId)}`);
    return login === undefined ? 'absent' : setFrozen(context, login, false);
  }

  /** The login that step `of` of this workflow froze, or may have. */
  async function frozenBy(of: string): Promise<string | null> {
    const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, 'salesforce'));
    const row = rows.find(({ status, would }) => status !== 'observed' && would['frozen'] === true);
    const loginId = row?.before?.['userLogin'];
    return typeof loginId === 'string' ? loginId : null;
  }

  async function setFrozen(context: StepContext, { Id, IsFrozen }: Login, frozen: boolean): Promise<Change> {
    const before = { userLogin: Id, frozen: !frozen };
    const effect: Effect = { context, naturalKey: `frozen:${Id}`, would: { frozen }, before, isStillSo: reversed };
    if (IsFrozen === frozen) return (await confirm(effect)) ? 'done' : 'unchanged';
    return write(effect, async () => {
      await api.update('UserLogin', Id, { IsFrozen: frozen });
      return 'done' as const;
    });
  }

  async function logins(where: string): Promise<readonly Login[]> {
    return (await api.query(`SELECT Id, IsFrozen FROM UserLogin WHERE ${where}`)) as unknown as readonly Login[];
  }

  return { freezeCrmUser, restoreCrmUser };
}

/**
 * A username is one user's in all of Salesforce; a federation identifier (single sign-on) one user's of the org; an
 * e-mail address may be several's, and then it is nobody's: the wrong person must not be frozen.
 */
async function findUser(api: SalesforceApi, { userId, email }: Person): Promise<User | null> {
  const names = email === null ? [userId] : [email, userId];
  const where = [
    ...(email === null ? [] : [`Username = ${literal(email)}`, `Email = ${literal(email)}`]),
    ...names.map((name) => `FederationIdentifier = ${literal(name)}`),
  ].join(' OR ');
  const found = (await api.query(
    `SELECT Id, Username, Email, FederationIdentifier, IsActive FROM User WHERE ${where}`,
  )) as unknown as readonly User[];
  const byName = found.find(({ Username }) => email !== null && isSame(Username, email));
  const bySignOn = names.flatMap((name) =>
    found.filter(({ FederationIdentifier: id }) => id !== null && isSame(id, name)),
  );
  const sure = byName ?? bySignOn[0];
  if (sure !== undefined) return sure;
  // Of users who are gone the address may have gone to another.
  const active = found.filter(({ IsActive }) => IsActive);
  const those = active.length > 0 ? active : found;
  if (those.length > 1)
    throw rejected('salesforce', 'has several users of this address: none is changed', { count: those.length });
  return those[0] ?? null;
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
