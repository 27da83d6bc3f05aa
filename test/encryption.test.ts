import { randomBytes } from 'node:crypto';
import { createEncryption, type Encryption } from '../src/encryption';
import { encryptionKeys, SettingsError } from '../src/settings';

const key = (id: string) => ({ id, secret: randomBytes(32) });
const [old, young] = [key('2026-01'), key('2026-11')];
const text = Buffer.from('Rita Levi <rita@example.com>');

function having(...keys: readonly ReturnType<typeof key>[]): Encryption {
  const encryption = createEncryption(keys);
  if (encryption === undefined) throw new Error('there are no keys');
  return encryption;
}

describe('what is encrypted', () => {
  test('is read again, differs each time, and shows nothing but the id of its key', () => {
    const encryption = having(old);
    const [first, second] = [encryption.encrypt(text), encryption.encrypt(text)];
    expect(first.keyId).toBe('2026-01');
    expect(first.data.equals(second.data)).toBe(false);
    expect(first.data.includes('rita')).toBe(false);
    expect(encryption.decrypt(first)).toEqual(text);
  });

  test('is read after its key was rotated, and the newest key encrypts', () => {
    const before = having(old).encrypt(text);
    const rotated = having(young, old);
    expect(rotated.decrypt(before)).toEqual(text);
    expect(rotated.encrypt(text).keyId).toBe('2026-11');
  });

  test('needs a key that is named when it is gone, and one that is the same', () => {
    const before = having(old).encrypt(text);
    expect(() => having(young).decrypt(before)).toThrow('ENCRYPTION_KEYS: there is no key "2026-01"');
    expect(() => having(young).decrypt({ ...before, keyId: 'rita@example.com' })).toThrow(
      'there is no key a strange id',
    );
    expect(() => having({ ...young, id: '2026-01' }).decrypt(before)).toThrow('the key "2026-01" is another one now');
    expect(() => having(old).decrypt({ ...before, data: before.data.subarray(0, 20) })).toThrow('cut off');
  });

  test('is nothing without keys', () => expect(createEncryption([])).toBeUndefined());
});

describe('ENCRYPTION_KEYS', () => {
  const secret = randomBytes(32).toString('base64');
  const faultOf = (ENCRYPTION_KEYS: string): string => {
    try {
      encryptionKeys({ ENCRYPTION_KEYS });
      return 'none';
    } catch (error) {
      return error instanceof SettingsError ? error.message : String(error);
    }
  };

  test('are read newest first, and may be absent', () => {
    expect(encryptionKeys({})).toEqual([]);
    const ids = encryptionKeys({ ENCRYPTION_KEYS: `b:${secret},a:${secret}` }).map(({ id }) => id);
    expect(ids).toEqual(['b', 'a']);
  });

  test.each([secret, `a:${secret.slice(4)}`, 'a:', `a:${secret}x`])('are refused where one is no key: %#', (text) => {
    const fault = faultOf(text);
    expect(fault).toMatch(/^ENCRYPTION_KEYS.* not `id:key`/);
    expect(fault).not.toContain(secret.slice(4, 20));
  });

  test('are refused where two have one id', () => {
    expect(faultOf(`a:${secret},a:${secret}`)).toMatch(/^ENCRYPTION_KEYS.* two keys of one id/);
  });
});
