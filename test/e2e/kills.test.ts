import { once } from 'node:events';
import { readDevJson } from '../../src/dev/data-dir';
import { DAY, isoTime } from '../../src/domain';
import { people } from '../../src/dev/people';
import type { StandInsState } from '../../src/dev/stand-ins';
import { recertifiedSignal } from '../../workflows/messages';
import { newDataDir, removeDataDir, startDev, stepIs, until, untilState, type DevStack } from './stack';

const dataDir = newDataDir();
let stack: DevStack;
beforeAll(async () => {
  stack = await startDev(dataDir);
}, 240_000);
afterAll(async () => {
  await stack.stop();
  removeDataDir(dataDir);
});

/** Kill one part, and wait until `mt dev` has another in its place. */
async function kill(part: string): Promise<void> {
  const pid = stack.info.pids[part] ?? 0;
  const before = readDevJson(dataDir)?.pids[part] ?? pid;
  process.kill(before, 'SIGKILL');
  await until(
    () => Promise.resolve(readDevJson(dataDir)?.pids[part]),
    (now) => now !== before,
  );
}

const ready = () =>
  until(
    async () => (await fetch(`${stack.info.receiver}/readyz`)).status,
    (status) => status === 200,
  );

const patches = ({ calls }: StandInsState) => calls.filter(({ method, status }) => method === 'PATCH' && status < 300);

describe('kill -9', () => {
  test('of every part while a recertification waits: it goes on, each effect once', async () => {
    const data = {
      userId: people.rita.userId,
      certName: 'Sales Basics',
      expiredAt: isoTime(Date.now() - DAY),
      renewalDeadline: isoTime(Date.now() + 60 * DAY),
    };
    expect(await stack.send('certification.expired', 'kills-1', data)).toBe(200);
    const handle = stack.client.workflow.getHandle('kills-1');
    await untilState(handle, stepIs('notifyManager', 'done'));
    for (const part of ['worker', 'ledger', 'receiver', 'temporal']) await kill(part);
    await ready();
    expect(await stack.send('certification.expired', 'kills-1', data)).toBe(200);
    await until(
      async () => {
        await handle.signal(recertifiedSignal, { by: 'ada', evidence: 'seen' });
        return true;
      },
      (isSent) => isSent,
    );
    await expect(
      until(
        () => handle.result(),
        () => true,
      ),
    ).resolves.toEqual({ outcome: 'recertified' });
    const { identity, mail, calls } = await stack.effects();
    expect(identity.users.find(({ externalId }) => externalId === 'mt-rita')?.groups).toEqual(['Certified']);
    expect(mail.messages.map(({ copies }) => copies)).toEqual([1, 1]);
    // The group joined and left; the certificate required and certified in the CRM.
    expect(
      calls
        .filter(({ method }) => method === 'PATCH')
        .map(({ system }) => system)
        .sort(),
    ).toEqual(['identity', 'identity', 'salesforce', 'salesforce']);
  }, 240_000);

  test('of mt dev itself, and of the worker, between the steps of an offboarding: each effect once', async () => {
    const before = patches(await stack.effects()).length;
    await stack.setFault('mail', { mode: 'error', status: 451 });
    const data = {
      userId: people.omar.userId,
      email: people.omar.email,
      reason: 'terminated',
      deprovisionedAt: isoTime(Date.now()),
    };
    expect(await stack.send('user.deprovisioned', 'kills-2', data)).toBe(200);
    await untilState(stack.client.workflow.getHandle('kills-2'), stepIs('archive', 'done'));
    await kill('worker');
    stack.process.kill('SIGKILL');
    await once(stack.process, 'exit');

    stack = await startDev(dataDir);
    await stack.setFault('mail', { mode: 'ok' });
    // What is left is the deactivation, in a week.
    await untilState(stack.client.workflow.getHandle('kills-2'), stepIs('report', 'done'));
    const effects = await stack.effects();
    // Freeze, one for each of the two groups, the CRM user, the chat account.
    expect(patches(effects).length - before).toBe(5);
    const reports = effects.mail.messages.filter(({ subject }) => subject.startsWith('Offboarded'));
    expect(reports.map(({ copies }) => copies)).toEqual([1]);
  }, 240_000);
});
