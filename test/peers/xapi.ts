import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { attempt, type Step } from '../activities/conformance/suite';
import { at, connectTo } from '../activities/running';
import { DEFAULT_XAPI_NAMES } from '../../src/domain';
import { freePort } from '../free-port';
import { run } from './processes';
import type { Proxy } from './toxiproxy';
import { tryPeer, writesAtOnce, type Outcome } from './trial';

const KEY = 'mindtickle';
const SECRET = 'a-secret-of-the-peers';
/** Of SECRET, by `ralph auth`: bcrypt, which neither Node.js nor we have. */
const HASH = '$2b$12$KJo0u9VhZYJq42hzIND6w.4Hhkx1FqgWJLvr1uOVLV3FQ1naSbR3O';

export interface Ralph {
  readonly port: number;
  /** Its file takes one statement: a second PUT would create the file once more, and gets 500 (tried on 5.1). */
  readonly empty: () => Promise<void>;
}

/** Ralph, with its statements in a file under `root`. */
export async function startRalph(program: string, root: string): Promise<Ralph> {
  const port = await freePort();
  const agent = { mbox: 'mailto:mindtickle@example.com', objectType: 'Agent' };
  await writeFile(join(root, 'auth.json'), JSON.stringify([{ agent, scopes: ['all'], hash: HASH, username: KEY }]));
  const files = ['--fs-default-directory-path', root, '--fs-default-lrs-file', 'statements.jsonl'];
  const listen = ['--host', '127.0.0.1', '--port', String(port)];
  // It starts by way of a process that watches its files.
  const env = { ...process.env, RALPH_APP_DIR: root };
  await run(program, ['runserver', '--backend', 'fs', ...files, ...listen], port, { env, cwd: root, limitMs: 90_000 });
  await untilAnswers(port);
  return { port, empty: () => rm(join(root, 'statements.jsonl'), { force: true }) };
}

/** It listens before it can answer. */
async function untilAnswers(port: number): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const response = await fetch(`http://127.0.0.1:${port}/__heartbeat__`, { signal });
  await response.text();
}

/** One statement without its certificate, with every fault; then one with it, which Ralph does not take. */
export async function tryXapi(pool: Pool, { port: direct, empty }: Ralph, proxy: Proxy | undefined): Promise<Outcome> {
  const course = {
    courseName: 'Discovery',
    score: 91,
    completedAt: '2026-11-01T10:00:00Z',
    verb: 'completed',
  } as const;
  const connector = (port: number, attachments: 'auto' | 'never', timeoutMs = 8000) =>
    connectTo(pool, 'xapi', at.xapi(`http://127.0.0.1:${port}/xAPI`, SECRET), {
      timeoutMs,
      policy: { xapi: { ...DEFAULT_XAPI_NAMES, attachments } },
    });
  const statements = async (userId: string): Promise<number> => {
    const account = { account: { homePage: DEFAULT_XAPI_NAMES.accountHomePage, name: userId } };
    const query = new URLSearchParams({ agent: JSON.stringify({ objectType: 'Agent', ...account }) }).toString();
    const response = await fetch(`http://127.0.0.1:${direct}/xAPI/statements/?${query}`, {
      headers: {
        authorization: `Basic ${Buffer.from(`${KEY}:${SECRET}`).toString('base64')}`,
        'x-experience-api-version': '1.0.3',
      },
    });
    return ((await response.json()) as { statements: unknown[] }).statements.length;
  };
  const outcome = await tryPeer({
    pool,
    proxy,
    fresh: async ({ onWrite, timeoutMs }) => {
      await empty();
      const facts = { userId: randomUUID(), courseId: 'c1', ...course };
      const { storeStatement } = connector(proxy?.port ?? direct, 'never', timeoutMs);
      return {
        step: writesAtOnce((context) => storeStatement(context, facts), onWrite),
        effects: () => statements(facts.userId),
      };
    },
  });

  const facts = { userId: randomUUID(), courseId: 'c2', ...course };
  const { storeStatement } = connector(direct, 'auto');
  const step: Step = (context) => storeStatement(context, facts);
  let calls = 0;
  for (let result: unknown; result === undefined;) {
    calls += 1;
    // What a fault held back may have come since, and fill the file.
    await empty();
    const tried = await attempt(pool, step, { workflowId: 'peers-with-certificate', number: calls });
    assert.ok(tried.failure === undefined || calls < 3, `it failed: ${tried.failure?.message ?? ''}`);
    result = tried.result;
    if (result !== undefined) assert.equal(result, 'without the certificate');
  }
  assert.equal(await statements(facts.userId), 1);
  return { ...outcome, calls: outcome.calls + calls };
}
