import { isProtectedGroup, type Policy } from '../../src/domain';
import { requireUnprotected, type Change, type Person } from '../connector';
import { rejected } from '../failure';
import type { Confirm, Effect, StepContext } from '../write-once';
import type { Group, IdentityDriver, IdentityUser } from './driver';

export interface IdentityChanges {
  /** The user, unless the policy says that nothing of theirs is changed. */
  readonly findChangeable: (person: Person) => Promise<IdentityUser | null>;
  readonly groupNamed: (name: string) => Promise<Group>;
  /** The group of this name; one that is not there is made where the policy says so. */
  readonly join: (context: StepContext, user: IdentityUser, name: string) => Promise<Change>;
  /** Every group but the protected ones. */
  readonly leaveAll: (context: StepContext, user: IdentityUser) => Promise<void>;
  readonly setMember: (context: StepContext, user: IdentityUser, group: Group, member: boolean) => Promise<Change>;
  readonly setActive: (context: StepContext, user: IdentityUser, active: boolean) => Promise<Change>;
  /** No sign-in, and no session that began before. */
  readonly freeze: (context: StepContext, user: IdentityUser) => Promise<Change>;
  /** Permanently. */
  readonly deactivate: (context: StepContext, user: IdentityUser) => Promise<Change>;
}

/** What of the policy binds the connector. */
type Rules = Pick<Policy, 'protected' | 'groups'>;

/**
 * Every change looks before it writes: after a lost answer that tells whether it was done.
 * @throws `identity.rejected` for what the policy protects, and for a group that is not there and not to be made.
 */
export function createChanges(driver: IdentityDriver, confirm: Confirm, rules: Rules): IdentityChanges {
  const { protected: isProtected } = rules;

  async function findChangeable(person: Person): Promise<IdentityUser | null> {
    requireUnprotected('identity', [person.userId, person.email], isProtected);
    const user = await driver.findUser(person);
    // The provider may know them by an address that the event does not have.
    if (user !== null) requireUnprotected('identity', [user.email], isProtected);
    return user;
  }

  async function groupNamed(name: string): Promise<Group> {
    const group = await driver.findGroup(name);
    if (group === null) throw rejected('identity', `has no group named "${name}"`);
    return group;
  }

  async function setMember(context: StepContext, user: IdentityUser, group: Group, member: boolean): Promise<Change> {
    requireUnprotectedGroup(group.name, isProtected);
    const would = { group: group.name, member };
    const effect: Effect = { context, naturalKey: `member:${group.name}`, would, before: { member: !member } };
    if ((await driver.isMember(group, user)) === member) return (await confirm(effect)) ? 'done' : 'unchanged';
    return (await driver.setMember(effect, group, user, member)) === 'observed' ? 'observed' : 'done';
  }

  async function setActive(context: StepContext, user: IdentityUser, active: boolean): Promise<Change> {
    const effect: Effect = { context, naturalKey: 'active', would: { active }, before: { active: !active } };
    const set = user.active === active ? 'found' : await driver.setActive(effect, user, active);
    return changeOf(set, effect, confirm);
  }

  const changes = { findChangeable, groupNamed, setMember, setActive };
  return { ...changes, ...createGroupChanges(driver, changes, rules), ...createEndings(driver, confirm, setActive) };
}

function createGroupChanges(
  driver: IdentityDriver,
  { groupNamed, setMember }: Pick<IdentityChanges, 'groupNamed' | 'setMember'>,
  { protected: isProtected, groups: { createMissing } }: Rules,
): Pick<IdentityChanges, 'join' | 'leaveAll'> {
  async function groupToJoin(context: StepContext, name: string): Promise<Group | 'observed'> {
    const group = createMissing ? await driver.findGroup(name) : await groupNamed(name);
    if (group !== null) return group;
    requireUnprotectedGroup(name, isProtected);
    const effect: Effect = { context, naturalKey: `group:${name}`, would: { group: name, made: true } };
    return driver.createGroup(effect, name);
  }

  async function join(context: StepContext, user: IdentityUser, name: string): Promise<Change> {
    const group = await groupToJoin(context, name);
    return group === 'observed' ? group : setMember(context, user, group, true);
  }

  async function leaveAll(context: StepContext, user: IdentityUser): Promise<void> {
    const groups = await driver.groupsOf(user);
    for (const group of groups) {
      // Which they are is asked once for all of them.
      if (!isProtectedGroup(group.name, isProtected)) await setMember(context, { ...user, groups }, group, false);
    }
  }

  return { join, leaveAll };
}

function createEndings(
  driver: IdentityDriver,
  confirm: Confirm,
  setActive: IdentityChanges['setActive'],
): Pick<IdentityChanges, 'freeze' | 'deactivate'> {
  /** Repeatable. The provider cannot be asked whether it was done: the row says so. */
  async function endSessions(context: StepContext, user: IdentityUser): Promise<void> {
    if (driver.endSessions === undefined || user.deactivated === true) return;
    await driver.endSessions({ context, naturalKey: 'sessions', would: { sessions: 'ended' } }, user);
  }

  async function freeze(context: StepContext, user: IdentityUser): Promise<Change> {
    try {
      return await setActive(context, user, false);
    } finally {
      // Also of one who cannot be suspended, or already was: a session, or a token, may live on.
      await endSessions(context, user);
    }
  }

  async function deactivate(context: StepContext, user: IdentityUser): Promise<Change> {
    if (driver.deactivate === undefined) return freeze(context, user);
    const effect: Effect = {
      context,
      naturalKey: 'deactivated',
      would: { deactivated: true },
      before: { deactivated: false },
    };
    const set = user.deactivated === true ? 'found' : await driver.deactivate(effect, user);
    return changeOf(set, effect, confirm);
  }

  return { freeze, deactivate };
}

/** What is found done was done by us when the step's row says that it was begun. */
async function changeOf(set: object | 'observed' | 'found', effect: Effect, confirm: Confirm): Promise<Change> {
  if (set === 'observed') return set;
  return set !== 'found' || (await confirm(effect)) ? 'done' : 'unchanged';
}

function requireUnprotectedGroup(name: string, isProtected: Policy['protected']): void {
  if (isProtectedGroup(name, isProtected)) throw rejected('identity', `must not change the protected group "${name}"`);
}
