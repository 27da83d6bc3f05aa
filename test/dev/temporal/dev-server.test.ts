import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { freePort } from '../../free-port';
import { startDevServer, type DevServer, type DevServerOptions } from '../../../src/dev/temporal/dev-server';
import { prepareNamespace, searchAttributes } from '../../../src/temporal';

const cliPath = process.env['TEMPORAL_CLI_PATH'] ?? 'temporal';
const DAYS = 86_400;

let place: string;
let running: DevServer[];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'dev-server-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  rmSync(place, { recursive: true, force: true });
});

async function start(extra: Partial<DevServerOptions> = {}): Promise<DevServer> {
  const dbFile = join(place, 'temporal.db');
  const server = await startDevServer({ cliPath, dbFile, port: await freePort(), ...extra });
  running.push(server);
  return server;
}

async function withConnection<T>(address: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

async function retentionSeconds(address: string): Promise<number> {
  const { config } = await withConnection(address, ({ workflowService }) =>
    workflowService.describeNamespace({ namespace: 'default' }),
  );
  return Number(config?.workflowExecutionRetentionTtl?.seconds);
}

async function registered(address: string): Promise<string[]> {
  const { customAttributes } = await withConnection(address, ({ operatorService }) =>
    operatorService.listSearchAttributes({ namespace: 'default' }),
  );
  return Object.keys(customAttributes);
}

const ourNames = Object.values(searchAttributes).map(({ name }) => name);

describe('startDevServer', () => {
  test('has our search attributes, remembers for 8 days, and shows the Web UI, which knows what decrypts', async () => {
    const uiPort = await freePort();
    const codecEndpoint = 'http://127.0.0.1:3001/codec';
    const server = await start({ uiPort, codecEndpoint });
    expect(await registered(server.address)).toEqual(expect.arrayContaining(ourNames));
    expect(await retentionSeconds(server.address)).toBe(8 * DAYS);
    const ui = `http://127.0.0.1:${uiPort}`;
    expect((await fetch(ui)).status).toBe(200);
    expect(await (await fetch(`${ui}/api/v1/settings`)).json()).toMatchObject({ Codec: { Endpoint: codecEndpoint } });
  });

  test('repairs an earlier data file: 24 hours and no search attributes', async () => {
    const port = await freePort();
    const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)];
    const old = spawn(cliPath, [...args, '--db-filename', join(place, 'temporal.db')], { stdio: 'ignore' });
    const address = `127.0.0.1:${port}`;
    await answering(address);
    expect(await retentionSeconds(address)).toBe(DAYS);
    expect(await registered(address)).not.toEqual(expect.arrayContaining(ourNames));
    old.kill();
    await once(old, 'exit');

    const server = await start();
    expect(await retentionSeconds(server.address)).toBe(8 * DAYS);
    expect(await registered(server.address)).toEqual(expect.arrayContaining(ourNames));
  });

  test('keeps histories, and a retention that was made longer, over a restart', async () => {
    const first = await start();
    execFileSync(cliPath, [
      ...['operator', 'namespace', 'update', '--namespace', 'default', '--retention', '30d'],
      ...['--address', first.address],
    ]);
    await withConnection(first.address, (connection) =>
      new Client({ connection }).workflow.start('nobody', { taskQueue: 'nobody', workflowId: 'kept' }),
    );
    await first.stop();

    const second = await start();
    expect(await retentionSeconds(second.address)).toBe(30 * DAYS);
    const { status } = await withConnection(second.address, (connection) =>
      new Client({ connection }).workflow.getHandle('kept').describe(),
    );
    expect(status.name).toBe('RUNNING');
  });

  test('says how it ended when somebody ends it', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    expect(await server.exited).toBe('signal SIGKILL');
    await server.stop();
  });

  test('rejects when the program ends at once, and keeps what it said', async () => {
    const broken = join(place, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho the database is locked\nexit 3\n');
    chmodSync(broken, 0o755);
    const logFile = join(place, 'log');
    await expect(start({ cliPath: broken, logFile })).rejects.toThrow(
      'ended before it was ready (exit code 3): the database is locked',
    );
    expect(readFileSync(logFile, 'utf8')).toBe('the database is locked\n');
    await expect(start({ cliPath: join(place, 'absent') })).rejects.toThrow('ENOENT');
  });

  test('leaves nothing running when it is given up', async () => {
    const giveUp = new AbortController();
    let pid = 0;
    const onSpawn = (spawned: number): void => {
      pid = spawned;
      giveUp.abort();
    };
    await expect(start({ onSpawn, signal: giveUp.signal })).rejects.toThrow('aborted');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('prepareNamespace', () => {
  test('reports the retention of a server that is not ours, and leaves it', async () => {
    const server = await start();
    execFileSync(cliPath, [
      ...['operator', 'namespace', 'update', '--namespace', 'default', '--retention', '1d'],
      ...['--address', server.address],
    ]);
    const { retentionMs, registered: added } = await withConnection(server.address, (connection) =>
      prepareNamespace(connection, 'default', 'report'),
    );
    expect(retentionMs).toBe(DAYS * 1000);
    expect(added).toEqual([]);
    expect(await retentionSeconds(server.address)).toBe(DAYS);
  });
});

async function answering(address: string): Promise<void> {
  for (;;) {
    const isUp = await retentionSeconds(address).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await delay(50);
  }
}
