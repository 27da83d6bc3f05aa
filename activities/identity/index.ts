import type { Pool } from 'pg';
import {
  changedTogether,
  effectsOfStep,
  findLearner,
  releaseShare,
  type Share,
  type StoredEffect,
  undoEffects,
} from '../../src/ledger';
import { isProtectedGroup, type Policy } from '../../src/domain';
import type { SystemSettings } from '../../src/settings';
import type { AccessFound, Change, Check, Connector, ConnectorDeps, Person } from '../connector';
import { askLedger, rejected } from '../failure';
import { createConfirm, createHasWritten, createWrite, ownWorkflowId, type StepContext } from '../write-once';
import { createChanges, type Freeze, type IdentityChanges } from './changes';
import type { IdentityDriver, IdentityUser } from './driver';
import { driverOf } from './driver-of';

export interface IdentityActivities {
  /** Addresses of a person and of their manager; null when the provider does not know the person. */
  findContact(person: Person): Promise<{ email: string | null; managerEmail: string | null } | null>;
  /** Of these addresses those whose users are all inactive, lower case: nobody reads there any more. */
  findInactive(addresses: readonly string[]): Promise<readonly string[]>;
  /** Changes nothing. A membership that the provider is not sure of counts. */
  readIdentityAccess(person: Person): Promise<AccessFound>;
  freezeUser(context: StepContext, person: Person): Promise<Freeze>;
  /**
   * Permanently. SCIM has no more than `active: false` (RFC 7643 §4.1.1): there what the freeze did is confirmed, or done
   * again.
   */
  deactivateUser(context: StepContext, person: Person): Promise<Freeze>;
  /** Grants nothing to a learner who has left. */
  joinGroup(context: StepContext, person: Person, group: string): Promise<Change>;
  /** `unlessOpen`: not while another open workflow of this kind and learner needs the membership. This one no longer does. */
  leaveGroup(context: StepContext, person: Person, group: string, unlessOpen: string | null): Promise<Change>;
  /** Leaves every group but the protected ones. */
  leaveGroups(context: StepContext, person: Person): Promise<{ left: readonly string[] } | Change>;
  /**
   * Undo what step `of` changed, by what its rows say was there before; what never happened needs no undoing. What is
   * shared (`unlessOpen`) is undone by the last workflow that needed it, whichever workflow's step `of` changed it.
   */
  restoreUser(context: StepContext, person: Person, of: string, unlessOpen: string | null): Promise<Change>;
}

/**
 * The identity provider. Its checks look for somebody who is not there (URL, credential and the right to read), and for the
 * groups that the policy names.
 * @throws `identity.unavailable` and `ledger.unavailable` (retry), `identity.rejected`.
 */
export function connect(settings: SystemSettings['identity'], deps: ConnectorDeps): Connector<IdentityActivities> {
  const { pool, policy } = deps;
  const driver = driverOf(settings, createWrite('identity', pool), deps);
  return {
    activities: createActivities(driver, createChanges(driver, createConfirm('identity', pool), policy), deps),
    checks: [
      () => driver.findUser({ userId: 'nobody: a check of the settings', email: 'nobody@example.com' }),
      ...(driver.check === undefined ? [] : [driver.check]),
      ...groupChecks(driver, policy),
    ],
  };
}

/** Each group of the policy is there, unless it is created on demand. */
function groupChecks({ findGroup }: IdentityDriver, { groups, onboarding }: Policy): readonly Check[] {
  if (groups.createMissing) return [];
  const programs = onboarding.programs.flatMap((program) => program.groups);
  const names = [...new Set([groups.certified, groups.recertificationRequired, ...programs])];
  return names.map((name) => async () => {
    const advice = 'Create it, or correct its name in the policy';
    if ((await findGroup(name)) === null) throw rejected('identity', `has no group named "${name}"`, { advice });
  });
}

function createActivities(
  driver: IdentityDriver,
  changes: IdentityChanges,
  { pool, policy, claims }: ConnectorDeps,
): IdentityActivities {
  const { findChangeable, groupNamed, setMember } = changes;
  const { mayBeGranted, isNeededElsewhere, changedBy } = createLookups(pool, claims);
  const hasWritten = createHasWritten('identity', pool);

  /** A change to the person, when the provider knows them. */
  async function changing<T>(person: Person, change: (user: IdentityUser) => Promise<T>): Promise<T | 'absent'> {
    const user = await findChangeable(person);
    return user === null ? 'absent' : change(user);
  }

  return {
    findContact: async (person) => {
      const user = await driver.findUser(person);
      return user === null ? null : { email: user.email, managerEmail: await driver.findManagerEmail(user) };
    },
    findInactive: (addresses) => inactiveAmong(driver, addresses),
    readIdentityAccess: (person) => accessOf(driver, person, policy),
    freezeUser: (context, person) => changing(person, (user) => changes.freeze(context, user)),
    deactivateUser: (context, person) => changing(person, (user) => changes.deactivate(context, user)),
    joinGroup: async (context, person, name) =>
      (await mayBeGranted(person.userId))
        ? changing(person, (user) => changes.join(context, user, name))
        : 'not active',
    leaveGroup: async (context, person, name, unlessOpen) => {
      if (await isNeededElsewhere(person.userId, unlessOpen)) return 'unchanged';
      return changing(person, async (user) => {
        // Where groups are created on demand, a group that does not exist has no members.
        if (policy.groups.createMissing && (await driver.findGroup(name)) === null) return 'unchanged';
        return setMember(context, user, await groupNamed(name), false);
      });
    },
    leaveGroups: (context, person) =>
      changing(person, async (user) => {
        await changes.leaveAll(context, user);
        if (context.mode === 'observe') return 'observed';
        // What an earlier attempt did counts too: the rows have all of it.
        return { left: (await changedBy(person.userId, context.step)).map(({ would }) => String(would['group'])) };
      }),
    restoreUser: async (context, person, of, unlessOpen) => {
      if (await isNeededElsewhere(person.userId, unlessOpen)) return 'unchanged';
      const rows = await changedBy(person.userId, of, unlessOpen, context.step);
      if (rows.length === 0) return (await hasWritten(context)) ? 'done' : 'unchanged';
      const restored = await changing(person, async (user) => {
        const results: Change[] = [];
        for (const row of rows) {
          const before = { ...row.would, ...row.before };
          const grants = before['active'] === true || before['member'] === true;
          const isAllowed = !grants || (await mayBeGranted(person.userId));
          const result = isAllowed ? await restoreOne(changes, context, user, before) : 'not active';
          if (result === 'done' || result === 'unchanged') await askLedger(() => undoEffects(pool, [row]));
          results.push(result);
        }
        return (['not active', 'done'] as const).find((result) => results.includes(result)) ?? 'unchanged';
      });
      if (restored === 'absent') throw rejected('identity', NOBODY_ANY_MORE, { cause: 'notFound' });
      return restored;
    },
  };
}

const NOBODY_ANY_MORE = 'has nobody of this id or address any more; retryStep, identify or skipStep';

async function accessOf(
  { findUser, groupsOf }: IdentityDriver,
  person: Person,
  { protected: isProtected }: Policy,
): Promise<AccessFound> {
  const user = await findUser(person);
  if (user === null) return { state: 'absent' };
  const names = (await groupsOf(user)).map(({ name }) => name);
  return {
    state: user.active ? 'open' : 'ended',
    groups: names.filter((name) => !isProtectedGroup(name, isProtected)),
  };
}

async function inactiveAmong(
  { findByAddress }: IdentityDriver,
  addresses: readonly string[],
): Promise<readonly string[]> {
  const inactive: string[] = [];
  for (const address of addresses) {
    const users = (await findByAddress(address)) ?? [];
    if (users.length > 0 && users.every(({ active }) => !active)) inactive.push(address.toLowerCase());
  }
  return inactive;
}

async function restoreOne(
  { setActive, setMember, groupNamed }: IdentityChanges,
  context: StepContext,
  user: IdentityUser,
  { active, member, group: name, groupId: id }: Readonly<Record<string, unknown>>,
): Promise<Change> {
  if (typeof active === 'boolean') return setActive(context, user, active);
  if (typeof member !== 'boolean' || typeof name !== 'string') return 'unchanged';
  // By its id: its name may be that of another one too.
  return setMember(context, user, typeof id === 'string' ? { id, name } : await groupNamed(name), member);
}

/** What the ledger knows that decides about a change. */
function createLookups(pool: Pool, claims: ConnectorDeps['claims']) {
  const shareOf = (userId: string, kind: string): Share => ({ userId, kind, workflowId: ownWorkflowId() });
  return {
    /** Asked in the activity that grants, so that a leaver gets nothing back whatever order the events came in. */
    mayBeGranted: async (userId: string): Promise<boolean> =>
      (await askLedger(() => findLearner(pool, userId)))?.active !== false,
    /** One group may serve two certificates: the last workflow that needs it leaves it. */
    isNeededElsewhere: async (userId: string, kind: string | null): Promise<boolean> => {
      if (kind === null) return false;
      const holders = await askLedger(() => releaseShare(pool, shareOf(userId, kind)));
      return (await (claims?.running(holders) ?? holders)).length > 0;
    },
    /**
     * What step `of` of this workflow changed, or may have changed. With `kind`, what the steps `of` of all the learner's
     * workflows of the kind changed and nobody has changed back, without the rows of step `taking`.
     */
    changedBy: async (
      userId: string,
      of: string,
      kind: string | null = null,
      taking = of,
    ): Promise<readonly StoredEffect[]> => {
      const system = 'identity';
      if (kind !== null) return askLedger(() => changedTogether(pool, shareOf(userId, kind), { of, taking, system }));
      const rows = await askLedger(() => effectsOfStep(pool, ownWorkflowId(), of, system));
      return rows.filter(({ status }) => status === 'done' || status === 'pending');
    },
  };
}
