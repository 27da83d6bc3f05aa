import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Listens on a port of every interface. @returns the port.
 * @throws Error that names who wanted it, the port and the setting.
 */
export async function listenOn(
  server: Server,
  port: number,
  { who, setting }: { who: string; setting: string },
): Promise<number> {
  server.listen(port);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is taken by another process' : message;
    throw new Error(`The ${who} cannot listen on port ${port} (${setting}): ${reason}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}
