import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export type ProxyState = 'open' | 'silent' | 'cut';

/** A TCP proxy before one of our servers: it can cut or freeze connections while the server runs. */
export interface TcpProxy {
  /** `host:port`, the same in every state. */
  readonly address: string;
  /**
   * `silent`: connections stay, new ones are accepted, and nothing comes through until it is open again; no byte is lost.
   * `cut`: connections end, and no new one is accepted.
   */
  readonly set: (state: ProxyState) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Start a proxy to `target`, `host:port`. */
export async function openTcpProxy(target: string): Promise<TcpProxy> {
  const [host = '', targetPort = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let isSilent = false;

  const server = createServer((near) => {
    const far = connect(Number(targetPort), host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('data', (chunk) => {
        if (!other.write(chunk)) socket.pause();
      });
      socket.on('drain', () => isSilent || other.resume());
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      if (isSilent) socket.pause();
    }
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const cut = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };

  const port = await listen(0);
  return {
    address: `127.0.0.1:${port}`,
    set: async (state) => {
      isSilent = state === 'silent';
      if (state === 'cut') await cut();
      else if (!server.listening) await listen(port);
      for (const socket of sockets) {
        if (isSilent) socket.pause();
        else socket.resume();
      }
    },
    close: cut,
  };
}
