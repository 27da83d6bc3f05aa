import { eventSchemas } from '../../src/events';
import { email, id, text, title } from '../../src/events/fields';

describe('texts of an event', () => {
  test.each([
    ['a NUL', 'a\u0000b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('with %s are refused: neither the ledger nor a letter can keep them', (_what, value) => {
    for (const schema of [text, id, title]) expect(schema.safeParse(value).success).toBe(false);
    expect(email.safeParse(`${value}@example.com`).success).toBe(false);
  });

  test('with letters of any script, and pictures, are taken', () => {
    for (const schema of [text, id, title]) expect(schema.safeParse('é 漢 🎓').success).toBe(true);
  });

  test('are refused wherever they stand in an event', () => {
    const data = { userId: 'u-1', email: 'a@example.com', reason: 'le\u0000ft', deprovisionedAt: '2026-11-01' };
    expect(eventSchemas['user.deprovisioned'].safeParse(data).success).toBe(false);
    expect(eventSchemas['user.deprovisioned'].safeParse({ ...data, reason: 'left' }).success).toBe(true);
  });
});
