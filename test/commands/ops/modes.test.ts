import { setImmediate as turn } from 'node:timers/promises';
import { rememberModes } from '../../../src/commands/ops/modes';

describe('the modes of connectors in mt ops', () => {
  test('are what a worker has noted, also while the ledger is away; until then what the YAML file says', async () => {
    let rows: { system: string; mode: string }[] | undefined;
    const query = () => (rows === undefined ? Promise.reject(new Error('away')) : Promise.resolve({ rows }));
    let now = 0;
    const modes = rememberModes({
      pool: { query } as never,
      otherwise: { identity: 'observe', slack: 'observe' },
      now: () => now,
    });
    const later = async () => {
      now += 60_000;
      modes();
      await turn();
      return modes();
    };
    expect(modes()).toEqual({ identity: 'observe', slack: 'observe' });
    rows = [];
    expect(await later()).toEqual({ identity: 'observe', slack: 'observe' });
    rows = [
      { system: 'identity', mode: 'on' },
      { system: 'slack', mode: 'off' },
    ];
    expect(await later()).toEqual({ identity: 'on', slack: 'off' });
    rows = undefined;
    expect(await later()).toEqual({ identity: 'on', slack: 'off' });
  });
});
