import type { RefusalRow } from '../../src/ledger';

/** One row of counts, as the receiver hands them over. */
export function refusal(changes: Partial<RefusalRow> = {}): RefusalRow {
  const { minute = '2026-03-02T09:00:00.000Z' } = changes;
  return {
    minute,
    rule: 'wrong-signature',
    address: '192.0.2.7',
    cause: 'secret rotated',
    status: 403,
    count: 1,
    skewSeconds: 2.5,
    signatureLength: 64,
    timestampLength: 10,
    bodyLength: 200,
    firstAt: minute,
    lastAt: minute,
    ...changes,
  };
}
