import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../../free-port';
import { converse, requestBytes } from '../../receiver/raw-http';
import { COMPANY, lengthOf, SECRET, send, signedHeaders } from '../../receiver/running';
import { openNamespace } from '../../temporal/fixture';

/** Node 20 runs no TypeScript by itself. */
const PROGRAM = `
  const { transformFileSync } = require('@swc/core');
  require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path, {
    swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' },
  }).code, path);
  require('./src/commands/receiver').runReceiver(process.env).then(
    () => process.exit(0),
    (error) => {
      console.error(error.message);
      process.exit(1);
    },
  );
`;

interface Command {
  readonly child: ChildProcess;
  /** Its port, once it has said that it is ready. */
  readonly ready: Promise<number>;
  /** Resolves once a text is in its log. */
  readonly says: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
}

let commands: Command[] = [];
let servers: Server[] = [];
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'receiver-'));
});
afterEach(async () => {
  for (const { child } of commands) child.kill('SIGKILL');
  for (const server of servers) server.close();
  await Promise.all(commands.map(({ ended }) => ended));
  commands = [];
  servers = [];
  await rm(dataDir, { recursive: true, force: true });
});

function start(env: Record<string, string>): Command {
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    cwd: resolve(__dirname, '../../..'),
    env: {
      PATH: process.env['PATH'],
      MINDTICKLE_WEBHOOK_SECRET: SECRET,
      MINDTICKLE_COMPANY_ID: COMPANY,
      PORT: '0',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATA_DIR: dataDir,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const log = child.stderr;
  if (log === null) throw new Error('no standard error');
  let stderr = '';
  log.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ready = once(child, 'message').then(([message]) => {
    expect(message).toEqual({ ready: true, port: expect.any(Number) as unknown });
    return (message as { port: number }).port;
  });
  // Not `close`: that does not come when the parent was the one to disconnect.
  const ended = Promise.all([once(child, 'exit'), once(log, 'end')]).then(([[code, signal]]) => ({
    code: code as number | null,
    signal: signal as string | null,
    stderr,
  }));
  const says = async (text: string): Promise<void> => {
    while (!stderr.includes(text)) await once(log, 'data');
  };
  const command = { child, ready, ended, says };
  commands.push(command);
  return command;
}

async function listenSilently(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).unref()).unref();
  servers.push(server);
  server.listen(0);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('runReceiver', () => {
  test('takes a delivery to Temporal, once, and ends on SIGTERM', async () => {
    const temporal = await openNamespace();
    const { child, ready, ended } = start({
      TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
      TEMPORAL_NAMESPACE: temporal.namespace,
      // On a busy machine the connection may take longer than the default: then the delivery is spooled.
      START_TIMEOUT_MS: '5000',
    });
    const port = await ready;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const answers = [await send(port, signedHeaders({ timestamp })), await send(port, signedHeaders({ timestamp }))];
    expect(answers.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      { received: true, duplicate: false, workflowId: 'evt-1' },
      { received: true, duplicate: true, workflowId: 'evt-1' },
    ]);
    expect(await send(port, [], '', 'GET /readyz')).toMatchObject({ status: 200 });
    await temporal.client.workflow.getHandle('evt-1').describe();
    await temporal.close();
    child.kill('SIGTERM');
    const { code, signal, stderr } = await ended;
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stderr).not.toMatch(/whsec_test|mt-rita|Sales Basics/);
    for (const line of stderr.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  test('without a spool listens while Temporal is away, answers 503, and ends when its parent is gone', async () => {
    const { child, ready, ended } = start({ SPOOL: 'off' });
    const port = await ready;
    expect(await send(port, [], '', 'GET /healthz')).toMatchObject({ status: 200 });
    expect(await send(port, [], '', 'GET /readyz')).toMatchObject({ status: 503 });
    const timestamp = String(Math.floor(Date.now() / 1000));
    expect(await send(port, signedHeaders({ timestamp }))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '30' },
    });
    child.disconnect();
    expect(await ended).toMatchObject({ code: 0, stderr: expect.stringContaining('cannot be reached') as unknown });
  });

  test('spools while Temporal is away; killed and started again, it hands on what it answered', async () => {
    const { child, ready, ended } = start({});
    const port = await ready;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const answers = [await send(port, signedHeaders({ timestamp })), await send(port, signedHeaders({ timestamp }))];
    expect(answers.map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      { received: true, duplicate: false, spooled: true, workflowId: 'evt-1' },
      { received: true, duplicate: true, workflowId: 'evt-1' },
    ]);
    const { text } = await send(port, [], '', 'GET /readyz');
    expect(JSON.parse(text)).toMatchObject({ ready: true, spool: { records: 1, deadLetters: 0 } });
    child.kill('SIGKILL');
    await ended;

    const temporal = await openNamespace();
    const again = start({
      TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
      TEMPORAL_NAMESPACE: temporal.namespace,
    });
    const portNow = await again.ready;
    const isThere = async (): Promise<boolean> => {
      const now = await send(portNow, [], '', 'GET /readyz');
      return now.status === 200 && (JSON.parse(now.text) as { spool: { records: number } }).spool.records === 0;
    };
    while (!(await isThere())) await new Promise(setImmediate);
    expect((await temporal.client.workflow.getHandle('evt-1').describe()).type).toBe('courseCompletion');
    await temporal.close();
  });

  test('serves the metrics and the spool on the private port, for those with a token', async () => {
    const opsPort = await freePort();
    const token = 'a-token-of-enough-characters';
    const { ready } = start({ OPS_PORT: String(opsPort), OPS_TOKENS: `ada:operator:${token}` });
    const port = await ready;
    await send(port, signedHeaders({ timestamp: String(Math.floor(Date.now() / 1000)) }));
    const ask = (path: string, method = 'GET', given = token): Promise<Response> =>
      fetch(`http://127.0.0.1:${opsPort}${path}`, { method, headers: { authorization: `Bearer ${given}` } });
    expect((await ask('/metrics', 'GET', 'another-token-of-that-length')).status).toBe(401);
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).toContain('mindtickle_receiver_deliveries_total{outcome="spooled"} 1');
    expect(metrics).toMatch(/mindtickle_receiver_spool_oldest_\w+ \d/);
    expect(await (await ask('/api/spool')).json()).toMatchObject({ spool: { records: 1, byLane: { 3: 1 } } });
    expect(await (await ask('/api/spool/drain', 'POST')).json()).toMatchObject({ restored: 0, spool: { records: 1 } });
  });

  test('does not start on a spool that another receiver has', async () => {
    const { ready } = start({});
    await ready;
    const { ended } = start({});
    expect(await ended).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('use a DATA_DIR of its own') as unknown,
    });
  });

  test('answers what has begun before it ends on SIGINT, though Temporal says nothing at all', async () => {
    const { child, ready, ended, says } = start({
      TEMPORAL_ADDRESS: `127.0.0.1:${await listenSilently()}`,
      START_TIMEOUT_MS: '500',
    });
    const busy = converse(await ready);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const headers = [...signedHeaders({ timestamp }), lengthOf('{}'), ['Expect', '100-continue']] as const;
    busy.write(requestBytes(headers, ''));
    expect((await busy.next()).status).toBe(100);
    child.kill('SIGINT');
    await says('is stopping');
    busy.write('{}');
    expect(await busy.next()).toMatchObject({ status: 403, headers: { connection: 'close' } });
    expect(await ended).toMatchObject({ code: 0, signal: null });
  });

  test('does not start without a secret, and names the setting', async () => {
    const { ended } = start({ MINDTICKLE_WEBHOOK_SECRET: '' });
    const message = 'MINDTICKLE_WEBHOOK_SECRET: missing';
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringContaining(message) as unknown });
  });

  test('names the port when it is taken', async () => {
    const port = await listenSilently();
    const { ended } = start({ PORT: String(port) });
    const message = `The receiver cannot listen on port ${port} (PORT): it is taken by another process`;
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringContaining(message) as unknown });
  });
});
