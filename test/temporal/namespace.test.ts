import { randomUUID } from 'node:crypto';
import { DAY } from '../../src/domain';
import {
  connectNow,
  type Connected,
  ensureNamespace,
  prepareNamespace,
  readRetention,
  searchAttributes,
} from '../../src/temporal';
import { silentLog, temporalAddress } from './fixture';

let temporal: Connected;
beforeAll(async () => {
  temporal = await connectNow({ log: silentLog, env: { TEMPORAL_ADDRESS: temporalAddress() } });
});
afterAll(() => temporal.close());

const newName = (): string => `namespace-${randomUUID()}`;

describe('ensureNamespace', () => {
  test('makes the one that is missing, with the retention asked for; again it leaves it', async () => {
    const { connection } = temporal;
    const name = newName();
    await expect(ensureNamespace(connection, name, 3)).resolves.toBe(true);
    await expect(readRetention(connection, name)).resolves.toBe(3 * DAY);
    await expect(ensureNamespace(connection, name, 5)).resolves.toBe(false);
    await expect(readRetention(connection, name)).resolves.toBe(3 * DAY);
  });

  test('says what the server refuses', async () => {
    await expect(ensureNamespace(temporal.connection, '', 3)).rejects.toThrow(/namespace/i);
  });
});

describe('prepareNamespace', () => {
  test('makes a short retention as long as asked, never shorter, and registers what is missing once', async () => {
    const { connection } = temporal;
    const name = newName();
    await ensureNamespace(connection, name, 2);
    await expect(prepareNamespace(connection, name, 'extend', 4)).resolves.toEqual({
      registered: Object.values(searchAttributes).map((attribute) => attribute.name),
      retentionMs: 4 * DAY,
    });
    await expect(prepareNamespace(connection, name, 'extend', 1)).resolves.toEqual({
      registered: [],
      retentionMs: 4 * DAY,
    });
    await expect(readRetention(connection, name)).resolves.toBe(4 * DAY);
  });
});
