import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { resolve } from 'node:path';
import { converse, requestBytes } from './raw-http';
import { COMPANY, lengthOf, SECRET, send, signedHeaders } from './running';
import { openNamespace } from './temporal';

/** Node 20 runs no TypeScript by itself. */
const PROGRAM = `
  const { transformFileSync } = require('@swc/core');
  require.extensions['.ts'] = (module, path) => module._compile(transformFileSync(path, {
    swcrc: false, jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' },
  }).code, path);
  require('./src/commands/receiver').runReceiver(process.env).catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
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
afterEach(async () => {
  for (const { child } of commands) child.kill('SIGKILL');
  for (const server of servers) server.close();
  await Promise.all(commands.map(({ ended }) => ended));
  commands = [];
  servers = [];
});

function start(env: Record<string, string>): Command {
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    cwd: resolve(__dirname, '../..'),
    env: {
      PATH: process.env['PATH'],
      MINDTICKLE_WEBHOOK_SECRET: SECRET,
      MINDTICKLE_COMPANY_ID: COMPANY,
      PORT: '0',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
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

  test('listens while Temporal is away, answers 503, and ends when its parent is gone', async () => {
    const { child, ready, ended } = start({ START_TIMEOUT_MS: '50' });
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
