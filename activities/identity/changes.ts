import { isProtectedGroup, type Policy } from '../../src/domain';
import { requireUnprotected, type Change, type Person } from '../connector';
import { rejected } from '../failure';
import { reversed, type Confirm, type Effect, type StepContext } from '../write-once';
import type { Group, IdentityDriver, IdentityUser, Membership } from './driver';

export interface IdentityChanges {
  /** The user, unless the policy says that nothing of theirs is changed. */
  readonly findChangeable: (person: Person) => Promise<IdentityUser | null>;
  readonly groupNamed: (name: string) => Promise<Group>;
  /** The group of this name; one that is not there is made where the policy says so. */
  readonly join: (context: StepContext, user: IdentityUser, name: string) => Promise<Change>;
  /** Every group but the protected ones. */
  readonly leaveAll: (context: StepContext, user: IdentityUser) => Promise<void>;
  /** Of a membership that is known, nobody is asked again. */
  readonly setMember: (
    context: StepContext,
    user: IdentityUser,
    group: Group | Membership,
    member: boolean,
  ) => Promise<Change>;
  readonly setActive: (context: StepContext, user: IdentityUser, active: boolean) => Promise<Change>;
  /** No sign-in, and no session that began before. */
  readonly freeze: (context: StepContext, user: IdentityUser) => Promise<Freeze>;
  /** Permanently. */
  readonly deactivate: (context: StepContext, user: IdentityUser) => Promise<Freeze>;
}

/** `sessions`: the provider has no call to end them, and one that is open may live on. */
export type Freeze = Change | { readonly change: Change; readonly sessions: 'not supported' };

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
    requireUnprotectedGroup(name, isProtected);
    const group = await driver.findGroup(name);
    if (group === null) throw rejected('identity', `has no group named "${name}"`);
    return group;
  }

  async function setMember(
    context: StepContext,
    user: IdentityUser,
    group: Group | Membership,
    member: boolean,
  ): Promise<Change> {
    requireUnprotectedGroup(group.name, isProtected);
    const isMember = 'isCertain' in group ? group.isCertain || undefined : await driver.isMember(group, user);
    const effect: Effect = {
      context,
      // Two groups in different places may have one name.
      naturalKey: `member:${group.id}`,
      would: { group: group.name, groupId: group.id, member },
      // In doubt the user is made to leave, which is repeatable; but nobody is made to join again what they may not have been in.
      ...(!(isMember === undefined && !member) && { before: { member: !member } }),
      isStillSo: reversed,
    };
    if (isMember === member) return (await confirm(effect)) ? 'done' : 'unchanged';
    return (await driver.setMember(effect, group, user, member)) === 'observed' ? 'observed' : 'done';
  }

  async function setActive(context: StepContext, user: IdentityUser, active: boolean): Promise<Change> {
    const effect: Effect = {
      context,
      naturalKey: 'active',
      would: { active },
      before: { active: !active },
      isStillSo: reversed,
    };
    const set = user.active === active ? 'found' : await driver.setActive(effect, user, active);
    return changeOf(set, effect, confirm);
  }

  const changes = { findChangeable, groupNamed, setMember, setActive };
  return { ...changes, ...createGroupChanges(driver, changes, rules), ...createEndings(driver, confirm, setActive) };
}

/** As deep as groups are in one another; each is left once. */
const MAX_ROUNDS = 20;

function createGroupChanges(
  driver: IdentityDriver,
  { groupNamed, setMember }: Pick<IdentityChanges, 'groupNamed' | 'setMember'>,
  { protected: isProtected, groups: { createMissing } }: Rules,
): Pick<IdentityChanges, 'join' | 'leaveAll'> {
  async function groupToJoin(context: StepContext, name: string): Promise<Group | 'observed'> {
    const group = createMissing ? await driver.findGroup(name) : await groupNamed(name);
    if (group !== null) return group;
    requireUnprotectedGroup(name, isProtected);
    const would = { group: name, made: true };
    const effect: Effect = { context, naturalKey: `group:${name}`, would, isStillSo: reversed };
    return driver.createGroup(effect, name);
  }

  async function join(context: StepContext, user: IdentityUser, name: string): Promise<Change> {
    const group = await groupToJoin(context, name);
    return group === 'observed' ? group : setMember(context, user, group, true);
  }

  /** Those that the policy protects by a path, which a user's list of groups does not have. */
  async function protectedPaths(): Promise<readonly string[]> {
    const paths = isProtected.groups.filter((name) => name.includes('/'));
    const found = await Promise.all(paths.map((path) => driver.findGroup(path)));
    return found.flatMap((group) => group?.id ?? []);
  }

  async function leaveAll(context: StepContext, user: IdentityUser): Promise<void> {
    const kept = new Set(await protectedPaths());
    // Who has left a group may show only then as a member of the one around it.
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const groups = (await driver.groupsOf(user)).filter(
        ({ id, name }) => !kept.has(id) && !isProtectedGroup(name, isProtected),
      );
      if (groups.length === 0) return;
      for (const group of groups) {
        await setMember(context, user, group, false);
        kept.add(group.id);
      }
    }
  }

  return { join, leaveAll };
}

function createEndings(
  driver: IdentityDriver,
  confirm: Confirm,
  setActive: IdentityChanges['setActive'],
): Pick<IdentityChanges, 'freeze' | 'deactivate'> {
  /** Repeatable. The provider cannot be asked whether it was done: the row says so, while the sign-in stays closed. */
  async function endSessions(context: StepContext, user: IdentityUser): Promise<object | 'observed' | 'not supported'> {
    if (user.deactivated === true) return {};
    if (driver.endSessions === undefined) return 'not supported';
    const effect: Effect = { context, naturalKey: 'sessions', would: { sessions: 'ended' } };
    return driver.endSessions({ ...effect, ...(user.active && { isStillSo: reversed }) }, user);
  }

  async function freeze(context: StepContext, user: IdentityUser): Promise<Freeze> {
    let sessions: object | 'observed' | 'not supported';
    let change: Change;
    try {
      change = await setActive(context, user, false);
    } finally {
      // Also of one who cannot be suspended, or already was: a session, or a token, may live on.
      sessions = await endSessions(context, user);
    }
    return sessions === 'not supported' && change !== 'observed' ? { change, sessions } : change;
  }

  async function deactivate(context: StepContext, user: IdentityUser): Promise<Freeze> {
    if (driver.deactivate === undefined) return freeze(context, user);
    const effect: Effect = {
      context,
      naturalKey: 'deactivated',
      would: { deactivated: true },
      before: { deactivated: false },
      isStillSo: reversed,
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
