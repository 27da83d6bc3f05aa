import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import type { Encryption } from '../encryption';

/** Of what our codec made, as in Temporal's own samples: whoever reads a history sees which key it needs. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';

const PayloadMessage = temporal.api.common.v1.Payload;

/** Encrypts whole payloads. What was written before keys were set is read as it is. */
export function createCodec({ encrypt, decrypt }: Encryption): PayloadCodec {
  const encode = (payload: Payload): Payload => {
    const { keyId, data } = encrypt(PayloadMessage.encode(payload).finish());
    return { metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(keyId) }, data };
  };
  const decode = (payload: Payload): Payload => {
    const { metadata, data } = payload;
    if (textOf(metadata?.['encoding']) !== ENCODING) return payload;
    return PayloadMessage.decode(decrypt({ keyId: textOf(metadata?.[KEY_ID]), data: data ?? new Uint8Array() }));
  };
  return {
    encode: (payloads) => Promise.resolve().then(() => payloads.map(encode)),
    decode: (payloads) => Promise.resolve().then(() => payloads.map(decode)),
  };
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

/**
 * For the client and the worker; undefined where nothing is encrypted. The messages and stacks of failures are payloads
 * then too.
 */
export function dataConverterOf(encryption: Encryption | undefined): DataConverter | undefined {
  if (encryption === undefined) return undefined;
  return {
    payloadCodecs: [createCodec(encryption)],
    failureConverterPath: require.resolve('./failure-converter'),
  };
}
