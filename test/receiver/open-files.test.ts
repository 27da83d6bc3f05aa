import { boundByOpenFiles } from '../../src/receiver/open-files';

test('holds as many connections as it wants where the system allows them', () => {
  expect(boundByOpenFiles(4000, 4256)).toEqual({ connections: 4000 });
  expect(boundByOpenFiles(4000, undefined)).toHaveProperty('connections');
});

test.each([
  [4255, 3999],
  [1024, 768],
  [300, 150],
])('of %i files it keeps some for itself, holds %i connections, and says so', (limit, connections) => {
  const bound = boundByOpenFiles(4000, limit);
  expect(bound).toEqual({ connections, warning: expect.stringContaining(`${limit} files (RLIMIT_NOFILE)`) as unknown });
  expect(bound.warning).toContain('Raise the limit to 4256');
});
