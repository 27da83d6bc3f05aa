import { cut, html, marked, table, type Html } from '../html';
import type { HttpStandIn, SystemContext } from '../system';
import { directorySchema, seedDirectory, summaryOf, type DirectorySummary } from './directory';
import { keycloak } from './keycloak';
import { okta } from './okta';
import { scim } from './scim';
import { issuedTokens } from './tokens';

/**
 * An identity provider: one directory, by SCIM 2.0 at `/identity/scim/v2` (with Keycloak's habits; its admin API and tokens of a
 * minute are at `/identity/keycloak`) and at `/identity/entra/scim` (with Entra's), and by Okta's management API at
 * `/identity/okta/api/v1`. Its stricter habits are those seen at real ones: names are unique whatever their case, and
 * members and managers must exist. A PATCH answers 200 with the resource when it changed something, else 204.
 */
export function identity(context: SystemContext): HttpStandIn<DirectorySummary> {
  const directory = context.open(directorySchema, () => seedDirectory(context.now()));
  const tokens = issuedTokens(context.now);
  return {
    protocols: [...scim(directory, context, tokens), keycloak(directory, context, tokens), okta(directory, context)],
    clientPath: '/scim/v2',
    state: () => summaryOf(directory.read()),
    card: () => card(summaryOf(directory.read())),
  };
}

function card({ users, groups }: DirectorySummary): Html {
  const people = table({
    caption: 'Users',
    columns: [{ label: 'User' }, { label: 'Active' }, { label: 'Groups' }],
    rows: users.map(({ displayName, userName, externalId, active, status, sessions, groups: names }) => [
      html`${displayName ?? userName}<small>${cut(userName)}${cut(externalId ?? '')}</small>`,
      html`${marked(active ? 'active' : 'inactive', active)}<small>${status}, sessions: ${sessions}</small>`,
      names.map((name) => html`<span class="tag">${name}</span> `),
    ]),
  });
  const teams = table({
    caption: 'Groups',
    columns: [{ label: 'Group' }, { label: 'Members' }],
    rows: groups.map(({ displayName, members }) => [
      displayName,
      members.map((one) => html`<small>${cut(one)}</small>`),
    ]),
  });
  return html`${people}${teams}`;
}
