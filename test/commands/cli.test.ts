import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = resolve(__dirname, '../..');
let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cli-'));
  spawnSync(process.execPath, [join(repository, 'bin/build.js'), '--if-stale'], { stdio: 'ignore' });
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

function mt(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH, HOME } = process.env;
  return spawnSync(process.execPath, [join(repository, 'bin/mt.js'), ...args], {
    encoding: 'utf8',
    cwd: place,
    env: { PATH, HOME, ...env },
  });
}

describe('mt', () => {
  test.each([[['--help']], [['help']], [['dev', '--help']], [['send', '--help']], [['demo', '--help']]])(
    'explains itself: %j',
    (args) => {
      const { status, stdout, stderr } = mt(args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: mt/);
    },
  );

  test('does not show the processes that are for mt dev alone', () => {
    expect(mt(['--help']).stdout).not.toMatch(/ledger|^ {2}stand-ins/m);
  });

  test.each([
    [['nothing'], "unknown command 'nothing'"],
    [['dev', '--port', '70000'], 'Not a port'],
    [['dev', '--connect', 'fax'], 'Allowed choices are identity, mail, archive'],
    [['dev', '--what'], "unknown option '--what'"],
    [['send'], "missing required argument 'event'"],
    [['send', 'quiz.submitted', '--data', '{'], 'Not JSON'],
    [['send', 'quiz.submitted'], 'MINDTICKLE_WEBHOOK_SECRET: missing'],
    [['receiver'], 'MINDTICKLE_WEBHOOK_SECRET: missing'],
    [['worker'], 'DATABASE_URL: missing'],
    [['setup'], 'DATABASE_URL: missing'],
    [['setup', '--what'], "unknown option '--what'"],
  ])('exits with 2 for %j', (args, message) => {
    const { status, stdout, stderr } = mt(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  test('refuses the development stack in production', () => {
    const { status, stderr } = mt(['dev', '--data-dir', place], { NODE_ENV: 'production' });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: 'mt: NODE_ENV: is `production`, and this stack is for development\n',
    });
  });

  test('refuses --connect for a system that the environment does not have, and starts nothing', () => {
    const { status, stderr } = mt(['dev', '--data-dir', place, '--connect', 'identity', ...freePorts]);
    expect(status).toBe(2);
    expect(stderr).toContain('SCIM_URL: missing, and --connect identity is for the real system\n');
    expect(stderr).toContain('SCIM_TOKEN: missing');
    expect(stderr).not.toContain('ready in');
  });

  test('exits with 1 and one line when nobody answers, and shows where with --debug', () => {
    const args = ['send', 'quiz.submitted', '--secret', 's', '--url', 'http://127.0.0.1:1/webhooks/mindtickle'];
    const env = { MINDTICKLE_COMPANY_ID: 'acme' };
    const quiet = mt(args, env);
    expect(quiet.status).toBe(1);
    expect(quiet.stderr).toMatch(/^mt: no answer from http:\/\/127\.0\.0\.1:1\/webhooks\/mindtickle: .*\n$/);
    expect(mt([...args, '--debug'], env).stderr).toContain('    at ');
  });
});

const freePorts = ['--port', '0', '--ops-port', '0', '--stand-ins-port', '0', '--temporal-port', '0', '--ui-port', '0'];
