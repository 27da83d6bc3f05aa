import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { seeProcess } from '../process';

export interface PortWish {
  /** Whose it will be: `receiver`. */
  readonly part: string;
  /** What chooses another: `--port`; undefined: nobody chooses it. */
  readonly option?: string | undefined;
  /** 0: any free one. */
  readonly port: number;
}

/**
 * Check the wished ports, and choose one for each 0, all different.
 * @throws Error naming the port, who has it when that can be found, and the option that chooses another.
 */
export async function choosePorts<Part extends string>(
  wishes: readonly (PortWish & { readonly part: Part })[],
): Promise<Record<Part, number>> {
  const held: Server[] = [];
  const chosen = new Map<Part, number>();
  try {
    // The fixed ones first, so that none of them is given away as *any free one*.
    for (const { part, option, port } of [...wishes].sort((a, b) => Number(a.port === 0) - Number(b.port === 0))) {
      const rival = wishes.find((other) => chosen.get(other.part) === port);
      if (rival !== undefined)
        throw new Error(
          `${String(option)} and ${String(rival.option)} are both ${port}; choose two, or 0 for any free one`,
        );
      // A wildcard address may be free while loopback is taken (macOS), hence both.
      if (port !== 0)
        await close(await listen(port, '127.0.0.1').catch((error: unknown) => refuse({ part, option, port }, error)));
      const server = await listen(port, undefined).catch((error: unknown) => refuse({ part, option, port }, error));
      held.push(server);
      chosen.set(part, portOf(server));
    }
  } finally {
    await Promise.all(held.map(close));
  }
  return Object.fromEntries(chosen) as Record<Part, number>;
}

function refuse({ part, option, port }: PortWish, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice = option === undefined ? '' : `; choose another with ${option} (0: any free one)`;
  if (code !== 'EADDRINUSE') throw new Error(`port ${port}, for the ${part}, cannot be opened (${message})${advice}`);
  const owner = ownerOf(port);
  const by = owner === undefined ? '' : ` by ${owner}`;
  throw new Error(`port ${port}, for the ${part}, is in use${by}${advice}`);
}

function listen(port: number, host: string | undefined): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** `process 123 (node …)` that listens on `port`, as far as we may see it. */
function ownerOf(port: number): string | undefined {
  try {
    const pid = process.platform === 'linux' ? ownerInProc(port) : ownerInLsof(port);
    return pid === undefined ? undefined : `process ${pid} (${(seeProcess(pid)?.command ?? '').slice(0, 80)})`;
  } catch {
    return undefined;
  }
}

const LISTENING = '0A';

function ownerInProc(port: number): number | undefined {
  const hexPort = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const sockets = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === LISTENING && local?.endsWith(hexPort) === true) sockets.add(`socket:[${String(inode)}]`);
    }
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

/** What the process has open; nothing for another user's. */
function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((name) => {
      try {
        return readlinkSync(`${folder}/${name}`);
      } catch {
        return ''; // closed meanwhile
      }
    });
  } catch {
    return [];
  }
}

function ownerInLsof(port: number): number | undefined {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fp'];
  const pid = /^p(\d+)$/m.exec(execFileSync('lsof', args, { encoding: 'utf8', stdio: 'pipe' }))?.[1];
  return pid === undefined ? undefined : Number(pid);
}
