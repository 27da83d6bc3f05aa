import { programGroups } from '../../src/domain';

const programs = [
  { groups: ['Everyone'] },
  { role: 'rep', groups: ['Sales', 'Sales onboarding'] },
  { team: 'emea', groups: ['EMEA', 'Sales'] },
  { role: 'rep', team: 'emea', groups: ['EMEA reps'] },
];

describe('programGroups', () => {
  test.each<[string, string | null, string | null, readonly string[]]>([
    ['role and team both fit', 'rep', 'emea', ['Everyone', 'Sales', 'Sales onboarding', 'EMEA', 'EMEA reps']],
    ['the role alone fits', 'rep', 'apac', ['Everyone', 'Sales', 'Sales onboarding']],
    ['the team alone fits', 'engineer', 'emea', ['Everyone', 'EMEA', 'Sales']],
    ['neither fits', 'engineer', 'apac', ['Everyone']],
    ['an empty role is no role', '', 'apac', ['Everyone']],
    [
      'names are the same however they are written',
      ' Rep',
      'ＥＭＥＡ\u200b',
      ['Everyone', 'Sales', 'Sales onboarding', 'EMEA', 'EMEA reps'],
    ],
    ['no role and no team', null, null, ['Everyone']],
  ])('%s', (_claim, role, team, groups) => {
    expect(programGroups(programs, role, team)).toEqual(groups);
  });

  test('without programs there is no group', () => {
    expect(programGroups([], 'rep', 'emea')).toEqual([]);
  });
});
