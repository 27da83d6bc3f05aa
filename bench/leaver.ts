import { setTimeout as sleep } from 'node:timers/promises';
import { departureDelivery, progressDeliveries } from './deliveries';
import { sendLoad } from './load';
import type { OurSystem } from './ours';
import { median } from './statistics';

/** From the sending of a `user.deprovisioned` to the end of the leaver's access. */
export interface LeaverTimes {
  readonly idleMs: number;
  /** Sent after so many progress events. */
  readonly behindMs: number;
  readonly behind: number;
}

const IDLE_TRIES = 3;
const CONNECTIONS = 32;
const BURST_SECONDS = 20;

export async function timeLeavers(system: OurSystem, behind: number): Promise<LeaverTimes> {
  const idle: number[] = [];
  for (let count = 0; count < IDLE_TRIES; count += 1) idle.push(await timeLeaver(system, `idle-${count}`));
  const deliveries = progressDeliveries(`behind-${process.pid}`, behind);
  await sendLoad({ url: system.url(), deliveries, connections: CONNECTIONS, maxSeconds: BURST_SECONDS });
  const behindMs = await timeLeaver(system, 'behind');
  await system.discard?.();
  return { idleMs: median(idle), behindMs, behind };
}

const POLL_MS = 5;
const LIMIT_MS = 30_000;

async function timeLeaver({ url, standIns }: OurSystem, name: string): Promise<number> {
  const userId = `leaver-${name}`;
  const users = `${standIns.url}/identity/scim/v2/Users`;
  const headers = { authorization: `Bearer ${standIns.token}`, 'content-type': 'application/scim+json' };
  const user = { schemas: [USER], userName: `${userId}@bench.example`, externalId: userId, active: true };
  const made = await fetch(users, { method: 'POST', headers, body: JSON.stringify(user) });
  const { id } = (await made.json()) as { id: string };
  const isActive = async (): Promise<boolean> =>
    ((await (await fetch(`${users}/${id}`, { headers })).json()) as { active: boolean }).active;
  const deliveries = [departureDelivery(`bench-${process.pid}-${userId}`, userId)];
  const begunAt = performance.now();
  await sendLoad({ url: url(), deliveries, connections: 1, maxSeconds: 1 });
  while (await isActive()) {
    if (performance.now() - begunAt > LIMIT_MS) return Infinity;
    await sleep(POLL_MS);
  }
  return performance.now() - begunAt;
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
