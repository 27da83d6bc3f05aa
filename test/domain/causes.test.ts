import { describeCause, isOwnCause } from '../../src/domain';

test.each([
  ['noAddress', 'no address is known of the learner'],
  ['identity.credentialsRefused', 'identity refused our credentials'],
  ['salesforce.unavailable', 'salesforce did not answer'],
  ['of a later release', 'of a later release'],
  ['toString', 'toString'],
  ['identity.toString', 'identity.toString'],
])('the cause %s is described as "%s"', (cause, sentence) => expect(describeCause(cause)).toBe(sentence));

test('a system cannot name a cause of ours that does not exist', () => {
  expect([isOwnCause('accountConflict'), isOwnCause('toString'), isOwnCause(401)]).toEqual([true, false, false]);
});
