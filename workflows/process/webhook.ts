/** The webhook's health, and people who are notified of what is wrong with it. */
import { isCancellation } from '@temporalio/workflow';
import type { WebhookActivities } from '../../activities';
import type { PolicySnapshot } from '../../src/domain';
import { markWebhookNotified, watchWebhook } from './activity-proxies';
import { whyFailed } from './failures';
import { notifyOperators } from './digests';

type Watched = Omit<Awaited<ReturnType<WebhookActivities['watchWebhook']>>, 'notices'>;

/** `notified`: of how many beginnings and ends. `failed`: why it was not looked at; the next time it is. */
export type WebhookResult = (Watched & { readonly notified: number }) | { readonly failed: string };

/** Look at the webhook, and send each message that is due; one that reaches nobody is due still the next time. */
export async function watchOurWebhook(snapshot: PolicySnapshot): Promise<WebhookResult> {
  try {
    const { notices, ...watched } = await watchWebhook.executeWithOptions({ summary: 'How does the webhook do?' }, []);
    let notified = 0;
    for (const { incidentId, what, notification } of notices) {
      const summary = what === 'begun' ? 'Notify of what is wrong with the webhook' : 'Notify that it is over';
      if (!(await notifyOperators(snapshot, notification, { step: `webhook${incidentId}${what}`, summary }))) continue;
      await markWebhookNotified.executeWithOptions({ summary: 'It is sent' }, [{ incidentId, what }]);
      notified += 1;
    }
    return { ...watched, notified };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { failed: whyFailed(error) };
  }
}
