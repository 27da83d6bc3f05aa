import { effectsOfStep, findLearner, undoEffects, type StoredEffect } from '../../src/ledger';
import { requireUnprotected, type AccessFound, type Change, type Person } from '../connector';
import { askLedger } from '../failure';
import { createHasWritten, ownWorkflowId, reversed, type Effect, type StepContext } from '../write-once';
import { literal, type SalesforceParts } from './api';
import { findUser } from './find-user';

/** `UserLogin`: what lets a user sign in, apart from the user, who keeps all they own. */
interface Login {
  readonly Id: string;
  readonly IsFrozen: boolean;
}

export interface UserActivities {
  /** Changes nothing. `ended`: frozen or deactivated. */
  readCrmAccess(person: Person): Promise<AccessFound>;
  /**
   * Freeze the user: no sign-in, all else as it was (`UserLogin.IsFrozen`). Looked up by MindTickle's user id and by
   * address. `unchanged`: frozen or deactivated already.
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
export function createUserActivities(parts: SalesforceParts): UserActivities {
  const { api, names, pool, write, confirm, isProtected } = parts;
  const hasWritten = createHasWritten('salesforce', pool);

  async function freezeCrmUser(context: StepContext, person: Person): Promise<Change> {
    requireUnprotected('salesforce', [person.userId, person.email], isProtected);
    const user = await findUser(api, person, names.userIdField);
    if (user === null) return 'absent';
    requireUnprotected('salesforce', [user.Email, user.Username], isProtected);
    const [login] = await logins(`UserId = ${literal(user.Id)}`);
    if (login === undefined) return 'absent';
    // One who is deactivated cannot sign in: nothing to freeze, and nothing to give back.
    return user.IsActive ? setFrozen(context, login, true) : 'unchanged';
  }

  async function readCrmAccess(person: Person): Promise<AccessFound> {
    const user = await findUser(api, person, names.userIdField);
    if (user === null) return { state: 'absent' };
    const [login] = await logins(`UserId = ${literal(user.Id)}`);
    return { state: user.IsActive && login?.IsFrozen !== true ? 'open' : 'ended' };
  }

  async function restoreCrmUser(context: StepContext, person: Person, of: string): Promise<Change> {
    const row = await frozenBy(of);
    const loginId = row?.before?.['userLogin'];
    if (row === undefined || typeof loginId !== 'string') return (await hasWritten(context)) ? 'done' : 'unchanged';
    requireUnprotected('salesforce', [person.userId, person.email], isProtected);
    if ((await askLedger(() => findLearner(pool, person.userId)))?.active === false) return 'not active';
    const [login] = await logins(`Id = ${literal(loginId)}`);
    if (login === undefined) return 'absent';
    const result = await setFrozen(context, login, false);
    if (result !== 'observed') await askLedger(() => undoEffects(pool, [row]));
    return result;
  }

  /** The row that says that step `of` of this workflow froze a login, or may have. */
  async function frozenBy(of: string): Promise<StoredEffect | undefined> {
    const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, 'salesforce'));
    return rows.find(({ status, would }) => ['done', 'pending'].includes(status) && would['frozen'] === true);
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

  return { readCrmAccess, freezeCrmUser, restoreCrmUser };
}
