import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { buildMt, mtScript } from '../../mt';

const TOKEN = 'a-token-of-enough-characters';
const children: ChildProcess[] = [];
beforeAll(buildMt);
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** `mt ops`, with nothing that it needs within reach. */
function start(env: NodeJS.ProcessEnv): { child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [mtScript, 'ops'], {
    env: {
      PATH: process.env['PATH'],
      MINDTICKLE_COMPANY_ID: 'acme',
      DATABASE_URL: 'postgres://u:p@127.0.0.1:1/none',
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      OPS_PORT: '0',
      OPS_TOKENS: `ada:operator:${TOKEN}`,
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.push(child);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

describe('mt ops', () => {
  test('answers while Temporal and the ledger are away, and ends cleanly when it is asked to', async () => {
    const { child, said } = start({});
    const [ready] = (await once(child, 'message')) as [{ ready: boolean; port: number }];
    const url = `http://127.0.0.1:${ready.port}`;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(401);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(await (await fetch(`${url}/metrics`, { headers })).text()).toContain('mindtickle_ops_temporal_reachable 0');
    expect(await (await fetch(`${url}/api/me`, { headers })).json()).toMatchObject({ name: 'ada', companyId: 'acme' });
    const stream = await fetch(`${url}/api/stream`, { headers });
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
    await stream.text().catch(() => undefined);
    expect(said()).not.toContain(TOKEN);
  });

  test('does not start without a credential', async () => {
    const { child, said } = start({ OPS_TOKENS: '' });
    const [code] = (await once(child, 'exit')) as [number];
    expect([code, said()]).toEqual([2, expect.stringContaining('OPS_TOKENS: missing')]);
  });
});
