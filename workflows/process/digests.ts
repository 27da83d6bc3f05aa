/** What waits for the same cause, and was kept for one message an hour. */
import { isCancellation, workflowInfo } from '@temporalio/workflow';
import type { Notification, PolicySnapshot } from '../../src/domain';
import { askLedger } from './activity-proxies';
import { ALERT_READERS, routesTo, type Audience, type Route } from './channels';

/** Longer than this nobody waits: it is due still the next time. */
const SOON = { scheduleToCloseTimeout: '5 minutes' } as const;

/** Send the administrators each digest that is due. @returns how many were sent. */
export async function sendDigests({ policy, modes }: PolicySnapshot): Promise<number> {
  const administrators = policy.administrators.map((to) => ({ role: 'administrator', to }) as const);
  const audiences: readonly Audience[] = [...administrators, ALERT_READERS];
  let sent = 0;
  for (const digest of await askLedger('dueDigests', 'What was kept for a digest?')) {
    const notification: Notification = { kind: 'digest', ...digest };
    const calls = audiences.flatMap((audience) =>
      routesTo(audience, notification, policy).map((route) => ({ route, mode: modes[route.system] ?? 'off' })),
    );
    const step = `digest${sent + 1}`;
    const outcomes = await Promise.all(calls.map((call) => send(call, step)));
    if (!outcomes.includes(true)) continue;
    sent += 1;
    await askLedger('markDigested', 'It is sent', { ...digest, workflowId: workflowInfo().workflowId });
  }
  return sent;
}

interface Call {
  readonly route: Route;
  readonly mode: NonNullable<PolicySnapshot['modes'][Route['system']]>;
}

/** Each by itself: one address that is refused must not cost the others theirs. */
async function send({ route, mode }: Call, step: string): Promise<boolean> {
  if (mode === 'off') return false;
  try {
    await route.send({ step, userId: '', mode }, { summary: 'Notify of what waits for the same cause', ...SOON });
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
