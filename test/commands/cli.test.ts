import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ANY_PORTS, buildMt, runMt } from '../mt';

let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'cli-'));
  buildMt();
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

const mt = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runMt(args, { env, cwd: place });

describe('mt', () => {
  test.each([[['--help']], [['help']], [['dev', '--help']], [['send', '--help']], [['demo', '--help']]])(
    'explains itself: %j',
    async (args) => {
      const { code, stdout, stderr } = await mt(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^Usage: mt/);
    },
  );

  test('names its version', async () => {
    const ours = readFileSync(resolve(__dirname, '../../package.json'), 'utf8');
    const { version } = JSON.parse(ours) as { version: string };
    expect(await mt(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('does not show the processes that are for mt dev alone', async () => {
    expect((await mt(['--help'])).stdout).not.toMatch(/^ {2}(ledger|stand-ins)/m);
  });

  test.each([
    [['nothing'], "unknown command 'nothing'"],
    [['dev', '--port', '70000'], 'Not a port'],
    [['dev', '--connect', 'fax'], 'Allowed choices are identity, mail, archive'],
    [['dev', '--what'], "unknown option '--what'"],
    [['send'], "missing required argument 'event'"],
    [['send', 'quiz.submitted', '--data', '{'], 'Not JSON'],
    [['send', 'quiz.submitted'], 'MINDTICKLE_WEBHOOK_SECRET: missing'],
    [['send', 'course.completd'], "course.completd: no event of MindTickle's; did you mean course.completed?"],
    [['demo', '--run', '../y'], 'Not the id of a run'],
    [['simulate', 'nothing'], 'Allowed choices are quiz, expiry, layoff'],
    [['simulate', 'quiz'], 'no mt dev runs on'],
    [['simulate', 'quiz', '--count', '0'], 'Not a whole number above 0.'],
    [['demo', '--what'], '--help explains every command and option'],
    [['receiver'], 'MINDTICKLE_WEBHOOK_SECRET: missing'],
    [['worker'], 'DATABASE_URL: missing'],
    [['setup'], 'DATABASE_URL: missing'],
    [['setup', '--what'], "unknown option '--what'"],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await mt(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  test('refuses the development stack in production', async () => {
    const { code, stderr } = await mt(['dev', '--data-dir', place], { NODE_ENV: 'production' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'mt: NODE_ENV: is `production`, and this stack is for development\n',
    });
  });

  test('refuses --connect for a system that the environment does not have, and starts nothing', async () => {
    const { code, stderr } = await mt(['dev', '--data-dir', place, '--connect', 'identity', ...ANY_PORTS]);
    expect(code).toBe(2);
    expect(stderr).toContain('SCIM_URL: missing, and --connect identity is for the real system\n');
    expect(stderr).toContain('SCIM_TOKEN: missing');
    expect(stderr).not.toContain('ready in');
  });

  test('exits with 1 and one line when nobody answers, and shows where with --debug', async () => {
    const args = ['send', 'quiz.submitted', '--secret', 's', '--url', 'http://127.0.0.1:1/webhooks/mindtickle'];
    const env = { MINDTICKLE_COMPANY_ID: 'acme' };
    const quiet = await mt(args, env);
    expect(quiet.code).toBe(1);
    expect(quiet.stderr).toMatch(/^mt: no answer from http:\/\/127\.0\.0\.1:1\/webhooks\/mindtickle: .*\n$/);
    expect((await mt([...args, '--debug'], env)).stderr).toContain('    at ');
  });
});
