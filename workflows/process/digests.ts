/** What waits for the same cause, and was kept for one message an hour. */
import { isCancellation, workflowInfo } from '@temporalio/workflow';
import type { Notification, PolicySnapshot } from '../../src/domain';
import { askLedger } from './activity-proxies';
import { ALERT_READERS, routesTo, type Audience, type Route } from './channels';

/** Longer than this nobody waits: it is due still the next time. */
const SOON = { scheduleToCloseTimeout: '5 minutes' } as const;

/** Send the administrators each digest that is due. @returns how many were sent. */
export async function sendDigests(snapshot: PolicySnapshot): Promise<number> {
  let sent = 0;
  for (const digest of await askLedger('dueDigests', 'What was kept for a digest?')) {
    const call = { step: `digest${sent + 1}`, summary: 'Notify of what waits for the same cause' };
    if (!(await notifyOperators(snapshot, { kind: 'digest', ...digest }, call))) continue;
    sent += 1;
    await askLedger('markDigested', 'It is sent', { ...digest, workflowId: workflowInfo().workflowId });
  }
  return sent;
}

interface Call {
  readonly step: string;
  readonly summary: string;
}

/** Send it to the administrators and the channel of alerts. @returns whether anybody was reached. */
export async function notifyOperators(
  { policy, modes }: PolicySnapshot,
  notification: Notification,
  call: Call,
): Promise<boolean> {
  const administrators = policy.administrators.map((to) => ({ role: 'administrator', to }) as const);
  const audiences: readonly Audience[] = [...administrators, ALERT_READERS];
  const routes = audiences.flatMap((audience) => routesTo(audience, notification, policy));
  const outcomes = await Promise.all(routes.map((route) => send(route, modes[route.system] ?? 'off', call)));
  return outcomes.includes(true);
}

type Mode = NonNullable<PolicySnapshot['modes'][Route['system']]>;

/** Each by itself: one address that is refused must not cost the others theirs. */
async function send(route: Route, mode: Mode, { step, summary }: Call): Promise<boolean> {
  if (mode === 'off') return false;
  try {
    await route.send({ step, userId: '', mode }, { summary, ...SOON });
    return true;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
}
