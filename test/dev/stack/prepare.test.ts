import { prepareTemporal } from '../../../src/dev/stack/prepare';
import { SettingsError } from '../../../src/settings';
import type { Connected } from '../../../src/temporal';
import { openNamespace, temporalAddress } from '../../temporal/fixture';

/** It keeps a closed workflow for a day. */
let temporal: Connected;
beforeAll(async () => {
  temporal = await openNamespace();
});
afterAll(() => temporal.close());

async function prepare(windowBackMs: number): Promise<{ readonly address: string; readonly said: readonly string[] }> {
  const said: string[] = [];
  const settings = { companyId: 'acme', receiptDays: 90, windowBackMs, windowAheadMs: 300_000 };
  const env = { TEMPORAL_ADDRESS: temporalAddress(), TEMPORAL_NAMESPACE: temporal.namespace };
  const address = await prepareTemporal(env, settings, (line) => said.push(line));
  return { address, said };
}

describe('prepareTemporal', () => {
  test('refuses a namespace that forgets before the window is over, with the command, and schedules nothing', async () => {
    const refused = prepare(100_000_000);
    await expect(refused).rejects.toThrow(SettingsError);
    await expect(refused).rejects.toThrow(`temporal operator namespace update --retention 2d -n ${temporal.namespace}`);
    await expect(temporal.client.schedule.getHandle('housekeeping:acme').describe()).rejects.toThrow();
  });

  test('schedules housekeeping, and advises a longer retention than one without a gap', async () => {
    const { address, said } = await prepare(28_800_000);
    expect(address).toBe(temporalAddress());
    expect(said).toEqual([expect.stringContaining('forgets closed workflows after 1 days; 8 are advised')]);
    const { action } = await temporal.client.schedule.getHandle('housekeeping:acme').describe();
    expect(action).toMatchObject({ workflowType: 'housekeeping' });
  });
});
