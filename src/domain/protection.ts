import { sameName } from './names';
import type { Policy } from './policy';

/** True when one of a person's names (user id, e-mail address) is on the policy's list. Case does not count. */
export function isProtectedUser(names: readonly (string | null)[], { users }: Policy['protected']): boolean {
  return names.some((name) => name !== null && includesName(users, name));
}

/** True when the policy takes the reason for one of a leaver. Case does not count. */
export function isLeaverReason(reason: string | null, { leaverReasons }: Policy['offboarding']): boolean {
  return leaverReasons === undefined || (reason !== null && includesName(leaverReasons, reason));
}

/** By the group's name in the identity provider. Case does not count: nor does it there. */
export function isProtectedGroup(name: string, { groups }: Policy['protected']): boolean {
  return includesName(groups, name);
}

function includesName(listed: readonly string[], name: string): boolean {
  return listed.some((one) => sameName(one, name));
}
