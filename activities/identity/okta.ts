import { ApplicationFailure } from '@temporalio/activity';
import { sameName } from '../../src/domain';
import type { SystemSettings } from '../../src/settings';
import type { Person } from '../connector';
import { rejected, statusOf } from '../failure';
import type { Http, HttpAnswer } from '../http';
import { quote } from '../scim';
import type { Effect } from '../write-once';
import { groupMade, type Group, type IdentityDriver, type IdentityUser, type Membership } from './driver';
import { LOOK_UP, theOne } from './the-one';

const USERS = '/api/v1/users';
const GROUPS = '/api/v1/groups';
/** Okta recommends 200 at most; a page may hold fewer. */
const PAGE = 200;
/** A list that is longer has something wrong with it. */
const MAX_PAGES = 50;

interface OktaUser {
  readonly id?: unknown;
  readonly status?: string;
  readonly transitioningToStatus?: string | null;
  readonly profile?: { readonly login?: string; readonly email?: string; readonly [attribute: string]: unknown };
}

interface OktaGroup {
  readonly id: string;
  readonly type?: string;
  readonly profile?: { readonly name?: string };
}

/** Who cannot sign in. STAGED was never activated; all others can, or can get themselves there (RECOVERY, LOCKED_OUT). */
const INACTIVE = ['STAGED', 'SUSPENDED', 'DEPROVISIONED'];

/**
 * Okta by its management API (developer.okta.com/docs/api/openapi/okta-management). Only groups of type OKTA_GROUP can
 * be changed; BUILT_IN (Everyone) and APP_GROUP (Active Directory and others) are not seen as groups of a user at all.
 */
export function createOktaDriver(
  http: Http,
  { userIdAttribute }: Pick<SystemSettings['identity'], 'userIdAttribute'>,
): IdentityDriver {
  const reading = createReading(http);
  const known = (user: OktaUser): IdentityUser => toUser(user, userIdAttribute);
  const change = createLifecycle(http, reading);

  /** By login, which is read from the directory itself; the searches read an index that is seconds behind. */
  async function findByAddress(email: string): Promise<readonly OktaUser[]> {
    const byLogin = await reading.userAt(email);
    const byEmail = await reading.usersWith('email', email);
    return byLogin === null ? byEmail : [byLogin, ...byEmail];
  }

  async function findUser(person: Person): Promise<IdentityUser | null> {
    const { userId, email } = person;
    const byAddress = email === null ? [] : await findByAddress(email);
    const byId = userIdAttribute === undefined ? [] : await reading.usersWith(userIdAttribute, userId);
    return theOne(person, { byId: openOf(byId).map(known), byAddress: openOf(byAddress).map(known) });
  }

  async function findManagerEmail({ managerId }: IdentityUser): Promise<string | null> {
    // `managerId` and `manager` are free text: an id, a login, an address, a name. `me` would be the token's own user.
    if (managerId === null || managerId === 'me' || /\s/.test(managerId)) return null;
    const manager = await reading.userAt(managerId);
    return manager === null ? addressIn(managerId) : toUser(manager).email;
  }

  return {
    findUser,
    findByAddress: async (email) => (await findByAddress(email)).map(known),
    findManagerEmail,
    ...createGroups(http, reading),
    setActive: (effect, user, active) =>
      change(effect, user, active ? 'unsuspend' : 'suspend', (now) => now.active === active),
    endSessions: async (effect, { id }) => {
      const path = `${USERS}/${encodeURIComponent(id)}/sessions?oauthTokens=true`;
      try {
        return await http.write(effect, { method: 'DELETE', path, call: 'end sessions' });
      } catch (error) {
        // The user is there: what is missing is the call.
        if ([404, 405, 501].includes(statusOf(error) ?? 0)) return 'not supported';
        throw error;
      }
    },
    deactivate: (effect, user) => change(effect, user, 'deactivate', (now) => now.deactivated === true),
  };
}

function createGroups(
  http: Http,
  reading: ReturnType<typeof createReading>,
): Pick<IdentityDriver, 'groupsOf' | 'findGroup' | 'createGroup' | 'isMember' | 'setMember'> {
  async function groupsOf({ id }: IdentityUser): Promise<readonly Membership[]> {
    const path = `${USERS}/${encodeURIComponent(id)}/groups`;
    const all = await reading.list<OktaGroup>(path, "read a user's groups", { limit: PAGE });
    return all.filter(isChangeable).map((group) => ({ ...toGroup(group), isCertain: true }));
  }

  async function findGroup(name: string): Promise<Group | null> {
    const search = `profile.name eq ${quote(name)}`;
    const all = await reading.list<OktaGroup>(GROUPS, 'find a group', { search, limit: PAGE });
    const exact = all.filter(({ profile }) => profile?.name === name);
    const named = exact.length > 0 ? exact : all.filter(({ profile }) => sameName(profile?.name ?? '', name));
    const group = named.find(isChangeable);
    if (group !== undefined) return toGroup(group);
    if (named.length === 0) return null;
    throw rejected('identity', `cannot change the group "${name}": Okta takes its members from elsewhere`);
  }

  async function createGroup(effect: Effect, name: string): Promise<Group | 'observed'> {
    // 400 is also the answer where another has just made it: names are unique.
    const body = { profile: { name, description: 'Made by MindTickle on Temporal' } };
    const call = 'create a group';
    const made = await http.write(effect, { method: 'POST', path: GROUPS, body, call, accept: [400] });
    return groupMade(made, name, findGroup);
  }

  return {
    groupsOf,
    findGroup,
    createGroup,
    isMember: async (group, user) => (await groupsOf(user)).some(({ id }) => id === group.id),
    setMember: (effect, group, user, member) =>
      http.write(effect, {
        method: member ? 'PUT' : 'DELETE',
        path: `${GROUPS}/${encodeURIComponent(group.id)}/users/${encodeURIComponent(user.id)}`,
        call: member ? 'join a group' : 'leave a group',
      }),
  };
}

function createLifecycle(http: Http, { userAt }: ReturnType<typeof createReading>) {
  return async (
    effect: Effect,
    { id }: IdentityUser,
    transition: string,
    isDone: (now: IdentityUser) => boolean,
  ): Promise<object | 'observed' | 'found'> => {
    const path = `${USERS}/${encodeURIComponent(id)}/lifecycle/${transition}`;
    try {
      return await http.write(effect, { method: 'POST', path, call: `${transition} a user` });
    } catch (error) {
      // Okta answers 400 to what the user's status does not allow; only a person can change that.
      if (!(error instanceof ApplicationFailure) || statusOf(error) !== 400) throw error;
      // Somebody else may have been quicker: Okta refuses to suspend who is suspended.
      const now = await userAt(id);
      if (now !== null && isDone(toUser(now))) return 'found';
      const what = `does not ${transition} a user of this status: set it in Okta by hand, then retryStep or skipStep`;
      throw rejected('identity', what, error.details?.[0] as Readonly<Record<string, unknown>>);
    }
  };
}

function createReading(http: Http) {
  /** By Okta's id or by login. */
  async function userAt(idOrLogin: string): Promise<OktaUser | null> {
    const path = `${USERS}/${encodeURIComponent(idOrLogin)}`;
    const { status, body } = await http.read({ method: 'GET', path, call: LOOK_UP, accept: [404] });
    return status === 404 ? null : (body as OktaUser);
  }

  function usersWith(attribute: string, value: string): Promise<readonly OktaUser[]> {
    return list<OktaUser>(USERS, LOOK_UP, { search: `profile.${attribute} eq ${quote(value)}`, limit: PAGE });
  }

  async function list<T>(
    path: string,
    call: string,
    query: Readonly<Record<string, string | number>>,
  ): Promise<readonly T[]> {
    const found: T[] = [];
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    let search = `?${pairs.join('&')}`;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await http.read({ method: 'GET', path: `${path}${search}`, call });
      // A sign-in page, or a proxy's, must not read as an empty list.
      if (!Array.isArray(answer.body))
        throw rejected('identity', 'did not answer with a list: is its URL right?', { call });
      found.push(...(answer.body as T[]));
      const next = nextPage(answer);
      if (next === null) return found;
      search = next;
    }
    throw rejected('identity', `lists more than ${MAX_PAGES} pages`, { call });
  }

  return { userAt, usersWith, list };
}

/** The query of the next page (RFC 8288). Only that of its address: the token goes where the settings say. */
function nextPage({ headers }: HttpAnswer): string | null {
  const links = (headers.get('link') ?? '').matchAll(/<([^>]*)>([^,<]*)/g);
  for (const [, address = '', parameters = ''] of links) {
    if (/;\s*rel="?next"?/i.test(parameters) && URL.canParse(address)) return new URL(address).search;
  }
  return null;
}

/** Deactivation may take its time after it was asked for. */
function isDeactivated({ status, transitioningToStatus }: OktaUser): boolean {
  return status === 'DEPROVISIONED' || transitioningToStatus === 'DEPROVISIONED';
}

/** A closed account may exist beside the open one. */
function openOf(users: readonly OktaUser[]): readonly OktaUser[] {
  const open = users.filter((user) => !isDeactivated(user));
  return open.length > 0 ? open : users.slice(0, 1);
}

function toUser(user: OktaUser, userIdAttribute?: string): IdentityUser {
  const { id, status = '', profile = {} } = user;
  if (typeof id !== 'string') throw rejected('identity', 'answered with a user without id', { call: LOOK_UP });
  const deactivated = isDeactivated(user);
  const { email, login, managerId, manager } = profile;
  return {
    id,
    userId: textOf(userIdAttribute === undefined ? undefined : profile[userIdAttribute]),
    active: !deactivated && !INACTIVE.includes(status),
    deactivated,
    email: addressIn(email) ?? addressIn(login),
    managerId: textOf(managerId) ?? textOf(manager),
  };
}

function textOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' ? text : null;
}

function addressIn(text: string | undefined): string | null {
  return text?.includes('@') === true ? text : null;
}

function isChangeable({ type }: OktaGroup): boolean {
  return type === 'OKTA_GROUP';
}

function toGroup({ id, profile }: OktaGroup): Group {
  return { id, name: profile?.name ?? '' };
}
