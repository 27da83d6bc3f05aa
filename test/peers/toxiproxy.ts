import { freePort } from '../free-port';
import { run } from './processes';

/** Toxiproxy in front of one peer. */
export interface Proxy {
  readonly port: number;
  /** `reset_peer`, `limit_data`, `latency`, `timeout`: what Toxiproxy calls a toxic, on the way back. */
  readonly add: (type: string, attributes?: Readonly<Record<string, number>>) => Promise<void>;
  readonly remove: (type: string) => Promise<void>;
  /** Refuses connections, and cuts those that there are. */
  readonly setDown: (isDown: boolean) => Promise<void>;
}

/** @see https://github.com/Shopify/toxiproxy#http-api */
export async function startToxiproxy(program: string): Promise<(upstream: number) => Promise<Proxy>> {
  const api = await freePort();
  await run(program, ['-host', '127.0.0.1', '-port', String(api)], api);
  const ask = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${api}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await response.text();
    if (!response.ok) throw new Error(`Toxiproxy answered ${response.status} to ${method} ${path}`);
  };
  return async (upstream) => {
    const port = await freePort();
    const name = `to-${upstream}`;
    await ask('POST', '/proxies', { name, listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${upstream}` });
    return {
      port,
      add: (type, attributes = {}) =>
        ask('POST', `/proxies/${name}/toxics`, { name: type, type, stream: 'downstream', attributes }),
      remove: (type) => ask('DELETE', `/proxies/${name}/toxics/${type}`),
      setDown: (isDown) => ask('POST', `/proxies/${name}`, { enabled: !isDown }),
    };
  };
}
