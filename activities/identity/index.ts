import { Context } from '@temporalio/activity';
import type { Pool } from 'pg';
import {
  changedTogether,
  effectsOfStep,
  findLearner,
  releaseShare,
  type Share,
  type StoredEffect,
} from '../../src/ledger';
import type { Confirm, StepContext } from '../write-once';
import { createChanges, type Change, type IdentityChanges, type IdentityRules } from './changes';
import type { IdentityDriver, IdentityUser, Person } from './driver';
import { askLedger } from '../ledger/call';

export interface IdentityActivities {
  /** Addresses of a person and of who leads; null when the provider does not know the person. */
  findContact(person: Person): Promise<{ email: string | null; managerEmail: string | null } | null>;
  freezeUser(context: StepContext, person: Person): Promise<Change>;
  /**
   * For good. SCIM has no more than `active: false` (RFC 7643 §4.1.1): there what the freeze did is confirmed, or done
   * again.
   */
  deactivateUser(context: StepContext, person: Person): Promise<Change>;
  /** Grants nothing to a learner who has left. */
  joinGroup(context: StepContext, person: Person, group: string): Promise<Change>;
  /** `unlessOpen`: not while another open workflow of this kind and learner holds the membership. From now on this one does not. */
  leaveGroup(context: StepContext, person: Person, group: string, unlessOpen: string | null): Promise<Change>;
  /** Leaves every group but the protected ones. */
  leaveGroups(context: StepContext, person: Person): Promise<{ left: readonly string[] } | Change>;
  /**
   * Undo what step `of` changed, by what its rows say stood before; what never happened needs no undoing. What is shared
   * (`unlessOpen`) is undone by the last to let go, whichever workflow's step `of` changed it.
   */
  restore(context: StepContext, person: Person, of: string, unlessOpen: string | null): Promise<Change>;
}

export interface IdentityDeps extends IdentityRules {
  readonly driver: IdentityDriver;
  readonly pool: Pool;
  readonly confirm: Confirm;
}

/** Looks for somebody who is not there: URL, credential and the right to read. @throws as the activities. */
export async function checkIdentity(driver: IdentityDriver): Promise<void> {
  await driver.findUser({ userId: 'nobody: a check of the settings', email: 'nobody@example.com' });
}

/**
 * The identity provider.
 * @throws `identity.unavailable` and `ledger.unavailable` (retry), `identity.rejected`.
 */
export function createIdentityActivities({ driver, pool, confirm, ...rules }: IdentityDeps): IdentityActivities {
  const changes = createChanges(driver, confirm, rules);
  const known = createKnowledge(pool);
  const { findChangeable, groupNamed, setMember } = changes;

  async function joinGroup(context: StepContext, person: Person, name: string): Promise<Change> {
    if (!(await known.mayBeGranted(person.userId))) return 'not active';
    const user = await findChangeable(person);
    return user === null ? 'absent' : changes.join(context, user, name);
  }

  async function leaveGroup(
    context: StepContext,
    person: Person,
    name: string,
    unlessOpen: string | null,
  ): Promise<Change> {
    if (await known.isHeldElsewhere(person.userId, unlessOpen)) return 'unchanged';
    const user = await findChangeable(person);
    if (user === null) return 'absent';
    // Where groups are made as they are needed, one that is not there has no members.
    if (rules.createsGroups === true && (await driver.findGroup(name)) === null) return 'unchanged';
    return setMember(context, user, await groupNamed(name), false);
  }

  async function leaveGroups(context: StepContext, person: Person): ReturnType<IdentityActivities['leaveGroups']> {
    const user = await findChangeable(person);
    if (user === null) return 'absent';
    await changes.leaveAll(context, user);
    if (context.mode === 'observe') return 'observed';
    // What an earlier attempt did counts too: the rows know all of it.
    return { left: (await known.changedBy(person.userId, context.step)).map(({ would }) => String(would['group'])) };
  }

  async function restore(context: StepContext, person: Person, of: string, unlessOpen: string | null): Promise<Change> {
    if (await known.isHeldElsewhere(person.userId, unlessOpen)) return 'unchanged';
    const rows = await known.changedBy(person.userId, of, unlessOpen, context.step);
    if (rows.length === 0) return 'unchanged';
    const user = await findChangeable(person);
    if (user === null) return 'absent';
    const results: Change[] = [];
    for (const row of rows) {
      const before = { ...row.would, ...row.before };
      const grants = before['active'] === true || before['member'] === true;
      const isAllowed = !grants || (await known.mayBeGranted(person.userId));
      results.push(isAllowed ? await restoreOne(changes, context, user, before) : 'not active');
    }
    return (
      results.find((result) => result === 'not active') ?? results.find((result) => result === 'done') ?? 'unchanged'
    );
  }

  return {
    findContact: (person) => findContact(driver, person),
    freezeUser: changing(findChangeable, changes.freeze),
    deactivateUser: changing(findChangeable, changes.deactivate),
    joinGroup,
    leaveGroup,
    leaveGroups,
    restore,
  };
}

/** A change to the person, where the provider knows them. */
function changing(
  findChangeable: IdentityChanges['findChangeable'],
  change: IdentityChanges['freeze'],
): IdentityActivities['freezeUser'] {
  return async (context, person) => {
    const user = await findChangeable(person);
    return user === null ? 'absent' : change(context, user);
  };
}

async function findContact(driver: IdentityDriver, person: Person): ReturnType<IdentityActivities['findContact']> {
  const user = await driver.findUser(person);
  return user === null ? null : { email: user.email, managerEmail: await driver.findManagerEmail(user) };
}

async function restoreOne(
  { setActive, setMember, groupNamed }: IdentityChanges,
  context: StepContext,
  user: IdentityUser,
  { active, member, group }: Readonly<Record<string, unknown>>,
): Promise<Change> {
  if (typeof active === 'boolean') return setActive(context, user, active);
  if (typeof member !== 'boolean' || typeof group !== 'string') return 'unchanged';
  return setMember(context, user, await groupNamed(group), member);
}

interface Knowledge {
  /** Asked in the activity that grants, so that a leaver gets nothing back whatever order the news came in. */
  readonly mayBeGranted: (userId: string) => Promise<boolean>;
  /** The same group may stand for two certificates: it is left when the last case lets go. */
  readonly isHeldElsewhere: (userId: string, kind: string | null) => Promise<boolean>;
  /**
   * What step `of` of this workflow changed, or may have changed; where it is shared, what the steps `of` of all the
   * learner's workflows of the kind changed and nobody has changed back, but for `taking`.
   */
  readonly changedBy: (
    userId: string,
    of: string,
    kind?: string | null,
    taking?: string,
  ) => Promise<readonly StoredEffect[]>;
}

function createKnowledge(pool: Pool): Knowledge {
  const ownWorkflowId = (): string => Context.current().info.workflowExecution?.workflowId ?? '';
  const shareOf = (userId: string, kind: string): Share => ({ userId, kind, workflowId: ownWorkflowId() });
  return {
    mayBeGranted: async (userId) => (await askLedger(() => findLearner(pool, userId)))?.active !== false,
    isHeldElsewhere: async (userId, kind) =>
      kind !== null && (await askLedger(() => releaseShare(pool, shareOf(userId, kind)))).isHeld,
    changedBy: async (userId, of, kind = null, taking = of) => {
      const system = 'identity';
      if (kind !== null) return askLedger(() => changedTogether(pool, shareOf(userId, kind), { of, taking, system }));
      const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, system));
      return rows.filter(({ status }) => status === 'done' || status === 'pending');
    },
  };
}
