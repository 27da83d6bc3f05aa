import { isProtectedGroup, isProtectedUser } from '../../src/domain';

const listed = { users: ['u1', 'Ceo@Example.com '], groups: ['Administrators'] };

describe('isProtectedUser', () => {
  test.each<[string, (string | null)[], boolean]>([
    ['by user id', ['u1', 'rita@example.com'], true],
    ['by address', ['u2', 'Ceo@Example.com'], true],
    ['by address, whatever its case', ['u2', 'ceo@example.COM'], true],
    ['not by a part of a name', ['u', 'o@example.com'], false],
    ['not by a longer name', ['u11', 'xceo@example.com'], false],
    ['not without a name', [null], false],
  ])('%s', (_claim, names, expected) => {
    expect(isProtectedUser(names, listed)).toBe(expected);
  });

  test('an empty list protects nobody', () => {
    expect(isProtectedUser(['', 'u1', null], { users: [], groups: [] })).toBe(false);
  });
});

describe('isProtectedGroup', () => {
  test.each([
    ['Administrators', true],
    ['administrators', true],
    ['Administrators (old)', false],
    ['', false],
  ])('%j: %s', (name, expected) => {
    expect(isProtectedGroup(name, listed)).toBe(expected);
  });
});
