import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { StackInfo } from '../../src/dev/data-dir';
import { seeProcess } from '../../src/dev/process';
import { ANY_PORTS, mtScript, runMt } from '../mt';

const LIMIT_MS = 180_000;

interface Dev {
  readonly process: ChildProcess;
  readonly info: StackInfo;
  readonly stdout: () => readonly string[];
  readonly stderr: () => string;
  readonly exited: Promise<number | null>;
}

let place: string;
let dev: Dev;
/** Every process id that any of the starts named. */
const seen = new Set<number>();

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'mt-dev-'));
  // As root, PostgreSQL runs as another user, who has to reach it.
  chmodSync(place, 0o755);
  dev = await startDev();
}, 2 * LIMIT_MS);

afterAll(async () => {
  if (dev.process.exitCode === null) dev.process.kill('SIGTERM');
  await dev.exited;
  for (const pid of seen) if (isOurs(pid)) process.kill(pid, 'SIGKILL');
  rmSync(place, { recursive: true, force: true });
}, LIMIT_MS);

function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, TEMPORAL_CLI_PATH } = process.env;
  // A start that takes longer is spooled, and its answer does not know the duplicate.
  return { PATH, HOME, TMPDIR, TEMPORAL_CLI_PATH, START_TIMEOUT_MS: '20000' };
}

/** `mt dev --json` on the one data directory, as soon as it says that it is ready. */
async function startDev(): Promise<Dev> {
  const child = spawn(process.execPath, [mtScript, 'dev', '--json', '--data-dir', place, ...ANY_PORTS], {
    cwd: place,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const lines: string[] = [];
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const firstLine = new Promise<string>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      done(line);
    });
    void exited.then((code) => fail(new Error(`mt dev ended with ${String(code)}: ${complaints}`)));
  });
  const info = JSON.parse(await firstLine) as StackInfo;
  remember(info);
  return { process: child, info, stdout: () => lines, stderr: () => complaints, exited };
}

const mt = (...args: string[]) => runMt(args, { cwd: place, env: { ...environment(), DATA_DIR: place } });

function devJson(): StackInfo {
  const info = JSON.parse(readFileSync(join(place, 'dev.json'), 'utf8')) as StackInfo;
  remember(info);
  return info;
}

function remember({ pids }: StackInfo): void {
  for (const [name, pid] of Object.entries(pids)) if (name !== 'dev') seen.add(pid);
}

/** Is the number still the process of our stack that it once was? */
function isOurs(pid: number): boolean {
  const command = seeProcess(pid)?.command ?? '';
  return command.includes(place) || /\/dist\/src\/cli\.js (receiver|worker|ops)/.test(command);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${LIMIT_MS / 1000} s; mt dev said: ${dev.stderr()}`);
    await delay(50);
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

async function expectAllUp({ receiver, ops, standIns, temporalUi }: StackInfo): Promise<void> {
  for (const url of [`${receiver}/readyz`, `${String(ops)}/healthz`, standIns, temporalUi ?? ''])
    await until(() => answers(url));
}

describe('mt dev', () => {
  test('says in one line, and in a file for its user alone, where everything is', async () => {
    const { info } = dev;
    expect(dev.stdout()).toHaveLength(1);
    expect(info).toMatchObject({ ready: true, companyId: 'acme' });
    expect(info.ops).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(info.opsToken).toMatch(/^[0-9a-f]{48}$/);
    expect(Object.keys(info.pids).sort()).toEqual(
      expect.arrayContaining(['dev', 'ledger', 'ops', 'receiver', 'standIns', 'temporal', 'worker']),
    );
    expect(info.pids['dev']).toBe(dev.process.pid);
    expect(devJson()).toEqual(info);
    expect(statSync(join(place, 'dev.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(place, 'secrets.json')).mode & 0o777).toBe(0o600);
    await expectAllUp(info);
  });

  test('has housekeeping started by a Schedule', async () => {
    const connection = await Connection.connect({ address: dev.info.temporalAddress });
    const { action } = await new Client({ connection }).schedule.getHandle('housekeeping:acme').describe();
    expect(action).toMatchObject({ workflowType: 'housekeeping', taskQueue: 'mindtickle' });
    await connection.close();
  });

  test('accepts a delivery of mt send, and shows its workflow', async () => {
    const sent = await mt('send', 'module.progress', '--event-id', 'from-the-test', '--json');
    expect({ code: sent.code, stderr: sent.stderr }).toEqual({ code: 0, stderr: '' });
    const { webUi, ...answer } = JSON.parse(sent.stdout) as { webUi: string };
    expect(answer).toMatchObject({ eventId: 'from-the-test', status: 200, body: { received: true, duplicate: false } });
    expect(webUi).toBe(`${String(dev.info.temporalUi)}/namespaces/default/workflows/from-the-test`);
    expect(await answers(webUi)).toBe(true);
  });

  test('lets mt learners import reach its ledger, by a file for its user alone', async () => {
    const people = join(place, 'people.csv');
    writeFileSync(people, 'userId,managerEmail\nada,boss@example.com\n');
    const { code, stdout, stderr } = await mt('learners', 'import', people);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '1 read: 1 added, 0 changed, 0 unchanged, 0 left out\n',
      stderr: '',
    });
    expect(statSync(join(place, 'dev.ledger.json')).mode & 0o777).toBe(0o600);
  });

  test('refuses what mt send signs with another secret', async () => {
    const sent = await mt('send', 'quiz.submitted', '--secret', 'another');
    expect(sent.code).toBe(1);
    expect(sent.stdout).toMatch(/^403 /);
  });

  test('is not started twice on one data directory', async () => {
    const second = await mt('dev', '--data-dir', place, ...ANY_PORTS);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`mt dev already runs on ${place} as process ${String(dev.process.pid)}`);
    expect(second.stderr).toContain(dev.info.receiver);
  });

  test('names a port that is in use, and leaves nothing behind', async () => {
    const other = mkdtempSync(join(tmpdir(), 'mt-dev-other-'));
    const port = new URL(dev.info.receiver).port;
    const refused = await mt('dev', '--data-dir', other, '--port', port, ...ANY_PORTS.slice(2));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`mt: port ${port}, for the receiver, is in use`);
    expect(refused.stderr).toContain('choose another with --port');
    expect(existsSync(join(other, 'dev.lock')) || existsSync(join(other, 'dev.processes.json'))).toBe(false);
    rmSync(other, { recursive: true });
  });

  test.each(['receiver', 'worker', 'standIns', 'temporal', 'ledger', 'ledgerHost'])(
    'starts %s again, on the same ports, when it is killed',
    async (name) => {
      const before = devJson();
      const pid = before.pids[name];
      // PGlite, where PostgreSQL cannot run, lives in its host.
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      await until(() => ![pid, undefined].includes(devJson().pids[name]));
      const after = devJson();
      expect({ ...after, pids: null }).toEqual({ ...before, pids: null });
      await expectAllUp(after);
    },
    LIMIT_MS,
  );

  test('goes on with its work after all that', async () => {
    const sent = await mt('send', 'module.progress', '--event-id', 'after-the-kills');
    expect(sent.code).toBe(0);
    expect((await mt('send', 'module.progress', '--event-id', 'from-the-test')).stdout).toContain('"duplicate":true');
    await expectAllUp(devJson());
  });

  test(
    'has every process end when it is killed',
    async () => {
      const killed = dev;
      dev.process.kill('SIGKILL');
      await killed.exited;
      expect((await mt('send', 'quiz.submitted')).code).toBe(2); // no mt dev runs, though its file is there
      await until(() => [...seen].filter(isOurs).length === 0);
    },
    LIMIT_MS,
  );

  test(
    'goes on where a killed one was, without waiting for what that left behind',
    async () => {
      const before = dev.info;
      dev = await startDev();
      dev.process.kill('SIGKILL');
      await dev.exited;

      dev = await startDev();
      const current = Object.values(dev.info.pids);
      expect([...seen].filter((pid) => isOurs(pid) && !current.includes(pid))).toEqual([]);
      expect(dev.info.webhookSecret).toBe(before.webhookSecret);
      expect((await mt('send', 'module.progress', '--event-id', 'from-the-test')).stdout).toContain('"duplicate":true');
    },
    2 * LIMIT_MS,
  );

  test(
    'leaves no process behind on Ctrl-C',
    async () => {
      dev.process.kill('SIGINT');
      expect(await dev.exited).toBe(0);
      expect([...seen].filter(isOurs)).toEqual([]);
      for (const name of ['dev.json', 'dev.ledger.json', 'dev.lock', 'dev.processes.json'])
        expect(existsSync(join(place, name))).toBe(false);
    },
    LIMIT_MS,
  );
});
