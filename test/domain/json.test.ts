import fc from 'fast-check';
import { compactJson, isDeeper } from '../../src/domain';

describe('compactJson', () => {
  test('is the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(compactJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test.each([
    '1e20',
    '12e20',
    '1.5E-9',
    '1e5',
    '100000',
    '0.5',
    '5e-1',
    '-2.5e10',
    '1e300',
    '5e-324',
    '0',
    '-0',
    '1E400',
  ])('%s gets no longer', (text) => {
    const compact = compactJson(JSON.parse(text));
    expect(compact.length).toBeLessThanOrEqual(text.length);
    expect(JSON.parse(compact) ?? Infinity).toBe(Number(text) + 0);
  });

  test('no number gets longer than it was written', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 20n });
    fc.assert(
      fc.property(digits, fc.integer({ min: -330, max: 320 }), (mantissa, exponent) => {
        const text = `${mantissa}e${exponent}`;
        expect(compactJson(JSON.parse(text)).length).toBeLessThanOrEqual(Math.max(text.length, 4));
      }),
    );
  });

  test('a megabyte of 1e20 stays one', () => {
    const text = `{"x":[${Array(190_000).fill('1e20').join(',')}]}`;
    const value: unknown = JSON.parse(text);
    expect(JSON.stringify(value).length).toBeGreaterThan(4_000_000);
    expect(compactJson(value)).toBe(text);
  });

  test('keeps a field of any name, and leaves out what JSON has not', () => {
    expect(compactJson(JSON.parse('{"__proto__":1,"a":"\\u0000"}'))).toBe('{"__proto__":1,"a":"\\u0000"}');
    expect(compactJson({ a: undefined, b: [undefined], c: NaN })).toBe('{"b":[null],"c":null}');
  });
});

describe('isDeeper', () => {
  test('counts levels without a stack', () => {
    const deep = JSON.parse(`${'['.repeat(500_000)}${']'.repeat(500_000)}`) as unknown;
    expect([isDeeper(deep, 256), isDeeper([[1]], 2), isDeeper([[1]], 1), isDeeper(1, 0)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});
