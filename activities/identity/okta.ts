import { ApplicationFailure } from '@temporalio/activity';
import type { SystemSettings } from '../../src/settings';
import type { Person } from '../connector';
import { rejected } from '../failure';
import type { Http, HttpAnswer } from '../http';
import { quote } from '../scim';
import type { Effect } from '../write-once';
import { groupMade, type Group, type IdentityDriver, type IdentityUser } from './driver';

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
  const change = createLifecycle(http, reading);

  /** By login, which is read from the directory itself; the searches read an index that is seconds behind. */
  async function findUser({ userId, email }: Person): Promise<IdentityUser | null> {
    const found =
      (email === null ? null : ((await reading.userAt(email)) ?? (await reading.userWith('email', email)))) ??
      (userIdAttribute === undefined ? null : await reading.userWith(userIdAttribute, userId));
    return found === null ? null : toUser(found);
  }

  async function findManagerEmail({ managerId }: IdentityUser): Promise<string | null> {
    // `managerId` and `manager` are free text: an id, a login, an address, a name. `me` would be the token's own user.
    if (managerId === null || managerId === 'me' || /\s/.test(managerId)) return null;
    const manager = await reading.userAt(managerId);
    return manager === null ? addressIn(managerId) : toUser(manager).email;
  }

  async function groupsOf(user: IdentityUser): Promise<readonly Group[]> {
    if (user.groups !== null) return user.groups;
    const all = await reading.list<OktaGroup>(`${USERS}/${encodeURIComponent(user.id)}/groups`, { limit: PAGE });
    return all.filter(isChangeable).map(toGroup);
  }

  async function findGroup(name: string): Promise<Group | null> {
    const search = `profile.name eq ${quote(name)}`;
    const all = await reading.list<OktaGroup>(GROUPS, { search, limit: PAGE });
    const named = all.filter(({ profile }) => profile?.name === name);
    const group = named.find(isChangeable);
    if (group !== undefined) return toGroup(group);
    if (named.length === 0) return null;
    throw rejected('identity', `cannot change the group "${name}": Okta takes its members from elsewhere`);
  }

  async function createGroup(effect: Effect, name: string): Promise<Group | 'observed'> {
    // 400 is also the answer where another has just made it: names are unique.
    const body = { profile: { name, description: 'Made by MindTickle on Temporal' } };
    const made = await http.write(effect, { method: 'POST', path: GROUPS, body, accept: [400] });
    return groupMade(made, name, findGroup);
  }

  return {
    findUser,
    findManagerEmail,
    groupsOf,
    findGroup,
    createGroup,
    isMember: async (group, user) => (await groupsOf(user)).some(({ id }) => id === group.id),
    setActive: (effect, user, active) =>
      change(effect, user, active ? 'unsuspend' : 'suspend', (now) => now.active === active),
    endSessions: (effect, { id }) =>
      http.write(effect, {
        method: 'DELETE',
        path: `${USERS}/${encodeURIComponent(id)}/sessions?oauthTokens=true`,
      }),
    deactivate: (effect, user) => change(effect, user, 'deactivate', (now) => now.deactivated === true),
    setMember: (effect, group, user, member) =>
      http.write(effect, {
        method: member ? 'PUT' : 'DELETE',
        path: `${GROUPS}/${encodeURIComponent(group.id)}/users/${encodeURIComponent(user.id)}`,
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
      return await http.write(effect, { method: 'POST', path });
    } catch (error) {
      // Okta answers 400 to what the user's status does not allow; only a person can change that.
      const isRejected = error instanceof ApplicationFailure && error.type === 'identity.rejected';
      const details = (isRejected ? error.details?.[0] : undefined) as { status?: unknown } | undefined;
      if (details?.status !== 400) throw error;
      // Somebody else may have been quicker: Okta refuses to suspend who is suspended.
      const now = await userAt(id);
      if (now !== null && isDone(toUser(now))) return 'found';
      const what = `does not ${transition} a user of this status: set it in Okta by hand, then retryStep or skipStep`;
      throw rejected('identity', what, details);
    }
  };
}

function createReading(http: Http) {
  /** By Okta's id or by login. */
  async function userAt(idOrLogin: string): Promise<OktaUser | null> {
    const path = `${USERS}/${encodeURIComponent(idOrLogin)}`;
    const { status, body } = await http.read({ method: 'GET', path, accept: [404] });
    return status === 404 ? null : (body as OktaUser);
  }

  async function userWith(attribute: string, value: string): Promise<OktaUser | null> {
    const found = await list<OktaUser>(USERS, { search: `profile.${attribute} eq ${quote(value)}`, limit: PAGE });
    // A closed account may exist beside the open one.
    const open = found.filter((user) => !isDeactivated(user));
    if (open.length > 1) throw rejected('identity', `has several users of this ${attribute}`, { count: open.length });
    return open[0] ?? found[0] ?? null;
  }

  async function list<T>(path: string, query: Readonly<Record<string, string | number>>): Promise<readonly T[]> {
    const found: T[] = [];
    const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    let search = `?${pairs.join('&')}`;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await http.read({ method: 'GET', path: `${path}${search}` });
      // A sign-in page, or a proxy's, must not read as an empty list.
      if (!Array.isArray(answer.body)) throw rejected('identity', 'did not answer with a list: is its URL right?');
      found.push(...(answer.body as T[]));
      const next = nextPage(answer);
      if (next === null) return found;
      search = next;
    }
    throw rejected('identity', `lists more than ${MAX_PAGES} pages`);
  }

  return { userAt, userWith, list };
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

function toUser(user: OktaUser): IdentityUser {
  const { id, status = '', profile = {} } = user;
  if (typeof id !== 'string') throw rejected('identity', 'answered with a user without id');
  const deactivated = isDeactivated(user);
  const { email, login, managerId, manager } = profile;
  return {
    id,
    active: !deactivated && !INACTIVE.includes(status),
    deactivated,
    email: addressIn(email) ?? addressIn(login),
    managerId: [managerId, manager].find((text): text is string => typeof text === 'string' && text !== '') ?? null,
    groups: null,
  };
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
