/** AES-256-GCM with keys that can be rotated: for what Temporal and the spool keep of people. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export interface EncryptionKey {
  /** Stays readable beside what it encrypts. */
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

export interface Encrypted {
  readonly keyId: string;
  /** Nonce, cipher text, tag. */
  readonly data: Buffer;
}

export interface Encryption {
  /** With the newest key. */
  readonly encrypt: (plain: Uint8Array) => Encrypted;
  /** @throws Error naming the id of a key that is not known; Error when the content was changed. */
  readonly decrypt: (encrypted: { readonly keyId: string; readonly data: Uint8Array }) => Buffer;
}

const ALGORITHM = 'aes-256-gcm';
/** As GCM wants it: random, and never twice with one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `keys`: newest first; the others only decrypt. Undefined: none, so that nothing is encrypted. */
export function createEncryption(keys: readonly EncryptionKey[]): Encryption | undefined {
  const [newest] = keys;
  if (newest === undefined) return undefined;
  const secrets = new Map(keys.map(({ id, secret }) => [id, secret]));

  return {
    encrypt: (plain) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, newest.secret, nonce);
      const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return { keyId: newest.id, data };
    },
    decrypt: ({ keyId, data }) => {
      const secret = secrets.get(keyId);
      if (secret === undefined) throw new Error(unknownKey(keyId));
      const end = data.length - TAG_BYTES;
      if (end < NONCE_BYTES) throw new Error('what was encrypted is cut off');
      const decipher = createDecipheriv(ALGORITHM, secret, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(data.subarray(end));
      const plain = decipher.update(data.subarray(NONCE_BYTES, end));
      try {
        return Buffer.concat([plain, decipher.final()]);
      } catch {
        throw new Error(`what was encrypted was changed, or the key "${keyId}" is another one now`);
      }
    },
  };
}

/** An id that nobody wrote down as one may be anything. */
function unknownKey(keyId: string): string {
  const shown = /^[\w.-]{1,64}$/.test(keyId) ? `"${keyId}"` : 'a strange id';
  return `ENCRYPTION_KEYS: there is no key ${shown}, with which this was encrypted: add it again, after the newest one`;
}
