import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDirAt, readSecrets, type DataDir } from '../../../src/dev/data-dir';

let dir: DataDir;
beforeEach(() => (dir = dataDirAt(mkdtempSync(join(tmpdir(), 'mindtickle-data-')))));
afterEach(() => rmSync(dir.path, { recursive: true }));

describe('readSecrets', () => {
  test('makes them once, for their user alone', () => {
    const made = readSecrets(dir);
    expect(new Set(Object.values(made)).size).toBe(3);
    expect(readSecrets(dir)).toEqual(made);
    expect(statSync(dir.secrets).mode & 0o777).toBe(0o600);
  });

  test('keeps those of an older data directory, and adds what it has not', () => {
    writeFileSync(dir.secrets, '{"webhookSecret":"known","standInsToken":"known too"}');
    const made = readSecrets(dir);
    expect(made).toMatchObject({ webhookSecret: 'known', standInsToken: 'known too' });
    expect(made.opsToken).toMatch(/^[0-9a-f]{48}$/);
    expect(JSON.parse(readFileSync(dir.secrets, 'utf8'))).toEqual(made);
  });
});
