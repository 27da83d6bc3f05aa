/** Events that need the SCIM integration at MindTickle. */
const SCIM_EVENTS = ['user.provisioned', 'user.deprovisioned'];

/** Exactly what an administrator enters in MindTickle where no call does it. */
export function byHand({ url, events }: { readonly url: string; readonly events: readonly string[] }): string {
  const scim = events.filter((event) => SCIM_EVENTS.includes(event));
  return [
    'Enter it by hand, in MindTickle under Admin > Integrations > Webhooks:',
    `  URL     ${url}`,
    `  Events  ${events.join('\n          ')}`,
    '  Secret  what MindTickle shows there as the signing secret goes into MINDTICKLE_WEBHOOK_SECRET here',
    ...(scim.length === 0 ? [] : [`${scim.join(' and ')} only come when they are chosen there by name.`]),
    'Then record it, so that its health is watched:',
    `  mt webhooks register --url ${url} --entered`,
  ].join('\n');
}
