import { exemptLoopback } from '../../src/dev/loopback';

describe('loopback never goes through a proxy', () => {
  test.each([
    ['nothing is exempt yet', {}, 'localhost,127.0.0.1,::1'],
    ['a company exempts its own', { no_proxy: 'corp.example' }, 'corp.example,localhost,127.0.0.1,::1'],
    ['some of it is exempt', { no_proxy: '127.0.0.1' }, '127.0.0.1,localhost,::1'],
  ])('%s', (_what, env: NodeJS.ProcessEnv, expected) => {
    exemptLoopback(env);
    expect(env['no_proxy']).toBe(expected);
    expect(env['NO_PROXY']).toContain('127.0.0.1');
  });

  test('where gRPC has a list of its own, that one is extended too', () => {
    const env: NodeJS.ProcessEnv = { no_grpc_proxy: 'corp.example' };
    exemptLoopback(env);
    expect(env['no_grpc_proxy']).toBe('corp.example,localhost,127.0.0.1,::1');
  });
});
