const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/**
 * Nothing on this machine is asked for through a proxy: grpc-js, for one, sends loopback addresses to the proxy of
 * `grpc_proxy`, `https_proxy` or `http_proxy` too. Changes the environment, for this process and those that it starts.
 */
export function exemptLoopback(env: NodeJS.ProcessEnv): void {
  for (const name of ['no_proxy', 'NO_PROXY']) {
    const exempt = (env[name] ?? '').split(',').filter((host) => host !== '');
    env[name] = [...new Set([...exempt, ...LOOPBACK])].join(',');
  }
  // Where it is set, grpc-js reads no other one.
  const { no_grpc_proxy: ofGrpc } = env;
  if (ofGrpc !== undefined && ofGrpc !== '') env['no_grpc_proxy'] = [ofGrpc, ...LOOPBACK].join(',');
}
