import type { Policy } from '../src/domain/policy';
import { isProtectedGroup, isProtectedUser } from '../src/domain/protection';
import type { Confirm, Effect, StepContext } from './effects';
import { rejected } from './failure';
import type { Group, IdentityDriver, IdentityUser, Person } from './identity-driver';

/** `unchanged`: it was so already. `absent`: the provider does not know the person. `not active`: nothing is granted to a leaver. */
export type Change = 'done' | 'unchanged' | 'absent' | 'not active' | 'observed';

export interface IdentityChanges {
  /** The user, unless the policy says that nothing of theirs is changed. */
  readonly findChangeable: (person: Person) => Promise<IdentityUser | null>;
  readonly groupNamed: (name: string) => Promise<Group>;
  readonly setMember: (context: StepContext, user: IdentityUser, group: Group, member: boolean) => Promise<Change>;
  readonly setActive: (context: StepContext, user: IdentityUser, active: boolean) => Promise<Change>;
}

/**
 * Every change looks before it writes: after a lost answer that tells whether it was done.
 * @throws `identity.rejected` for what the policy protects and for a group that is not there.
 */
export function createChanges(
  driver: IdentityDriver,
  confirm: Confirm,
  isProtected: Policy['protected'],
): IdentityChanges {
  async function findChangeable(person: Person): Promise<IdentityUser | null> {
    requireUnprotected([person.userId, person.email]);
    const user = await driver.findUser(person);
    // The provider may know them by an address that the event does not have.
    if (user !== null) requireUnprotected([user.email]);
    return user;
  }

  function requireUnprotected(names: readonly (string | null)[]): void {
    if (isProtectedUser(names, isProtected))
      throw rejected('identity', 'must not change this user: protected by the policy');
  }

  async function groupNamed(name: string): Promise<Group> {
    const group = await driver.findGroup(name);
    if (group === null) throw rejected('identity', `has no group named "${name}"`);
    return group;
  }

  async function setMember(context: StepContext, user: IdentityUser, group: Group, member: boolean): Promise<Change> {
    if (isProtectedGroup(group.name, isProtected))
      throw rejected('identity', `must not change the protected group "${group.name}"`);
    const would = { group: group.name, member };
    const effect: Effect = { context, naturalKey: `member:${group.name}`, would, before: { member: !member } };
    if ((await driver.isMember(group, user)) === member) return (await confirm(effect)) ? 'done' : 'unchanged';
    return (await driver.setMember(effect, group, user, member)) === 'observed' ? 'observed' : 'done';
  }

  async function setActive(context: StepContext, user: IdentityUser, active: boolean): Promise<Change> {
    const effect: Effect = { context, naturalKey: 'active', would: { active }, before: { active: !active } };
    if (user.active === active) return (await confirm(effect)) ? 'done' : 'unchanged';
    return (await driver.setActive(effect, user, active)) === 'observed' ? 'observed' : 'done';
  }

  return { findChangeable, groupNamed, setMember, setActive };
}
