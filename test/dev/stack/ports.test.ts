import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { choosePorts } from '../../../src/dev/stack/ports';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listenOn(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('choosePorts', () => {
  test('gives any free ones, all different, that can be listened on', async () => {
    const chosen = await choosePorts([
      { part: 'receiver', option: '--port', port: 0 },
      { part: 'stand-ins', option: '--stand-ins-port', port: 0 },
      { part: 'ledger', port: 0 },
    ]);
    expect(new Set(Object.values(chosen)).size).toBe(3);
    const server = createServer().listen(chosen.receiver);
    servers.push(server);
    await once(server, 'listening');
  });

  test.each(['127.0.0.1', '0.0.0.0', '::'])('refuses one that is in use on %s, and says by whom', async (host) => {
    const port = await listenOn(host);
    const choosing = choosePorts([{ part: 'receiver', option: '--port', port }]);
    await expect(choosing).rejects.toThrow(`port ${port}, for the receiver, is in use`);
    await expect(choosing).rejects.toThrow('choose another with --port (0: any free one)');
    // eslint-disable-next-line jest/no-conditional-expect -- elsewhere it takes lsof, which may not be there
    if (process.platform === 'linux') await expect(choosing).rejects.toThrow(`by process ${process.pid} (`);
  });

  test('refuses the same port for two', async () => {
    const port = await listenOn('127.0.0.1');
    servers.pop()?.close();
    const wishes = [
      { part: 'receiver', option: '--port', port },
      { part: 'stand-ins', option: '--stand-ins-port', port },
    ];
    await expect(choosePorts(wishes)).rejects.toThrow(`--stand-ins-port and --port are both ${port}`);
  });

  test('keeps no port open afterwards', async () => {
    const { receiver: port } = await choosePorts([{ part: 'receiver', port: 0 }]);
    expect(await choosePorts([{ part: 'receiver', port }])).toEqual({ receiver: port });
  });
});
