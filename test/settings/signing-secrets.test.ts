import { EventEmitter, once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { watchSecrets, type WatchedSecrets } from '../../src/settings';

const NEW = 'whsec_newnewnewnewnewnewnewnewnew';
const OLD = 'whsec_oldoldoldoldoldoldoldoldold';

let place: string;
let path: string;
let watched: WatchedSecrets | undefined;
let lines: string[];
const logged = new EventEmitter();

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mindtickle-secrets-'));
  path = join(place, 'webhook-secret');
  lines = [];
});
afterEach(() => {
  watched?.close();
  watched = undefined;
  rmSync(place, { recursive: true, force: true });
});

function watch(env: Record<string, string>): WatchedSecrets {
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      logged.emit('line');
      done();
    },
  });
  watched = watchSecrets({ env, log: pino(sink), settleMs: 1 });
  return watched;
}

/** Each change is logged, whatever came of it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await once(logged, 'line');
}

function replace(text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

describe('watchSecrets', () => {
  test('remembers those that it accepted before, while they are not accepted again', async () => {
    writeFileSync(path, OLD);
    const { current, retired } = watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path });
    expect(retired()).toEqual([]);
    replace(NEW);
    await until(() => current()[0] === NEW);
    expect(retired()).toEqual([OLD]);
    replace(`${NEW}\n${OLD}`);
    await until(() => current().length === 2);
    expect(retired()).toEqual([]);
  });

  test('has those of the environment, which cannot change', () => {
    const { current, warnings, reloads } = watch({ MINDTICKLE_WEBHOOK_SECRET: `${NEW}, ${OLD}` });
    expect(current()).toEqual([NEW, OLD]);
    expect(warnings()).toEqual([]);
    expect(reloads()).toEqual({ changed: 0, failed: 0 });
  });

  test.each([
    ['one a line', `${NEW}\n${OLD}\n`, [NEW, OLD]],
    ["another system's lines, and its mark at the beginning", `\uFEFF${NEW}\r\n\r\n${OLD}\r\n`, [NEW, OLD]],
    ['comments between them', `# newest first\n${NEW}\n  # until Friday\n${OLD}\n`, [NEW, OLD]],
    ['a comma in one', `${NEW},1\n${OLD}`, [`${NEW},1`, OLD]],
    [
      '`=` at the end of one, and within',
      `bmV3c2VjcmV0bmV3c2VjcmV0bg==\n+a=b`,
      ['bmV3c2VjcmV0bmV3c2VjcmV0bg==', '+a=b'],
    ],
  ])('reads several from a file, with %s', (_what, text, expected) => {
    writeFileSync(path, text);
    expect(watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path }).current()).toEqual(expected);
  });

  test.each([`MINDTICKLE_WEBHOOK_SECRET=${NEW}`, `export SECRET = "${NEW}"`, `secret: ${NEW}`])(
    'does not take a line of %s for a secret, and shows none of it',
    (line) => {
      writeFileSync(path, `# ours\n${line}\n`);
      const begin = (): unknown => watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path });
      expect(begin).toThrow('MINDTICKLE_WEBHOOK_SECRET_FILE: line 2 of the file is NAME=value; write the value alone');
      expect(begin).not.toThrow(NEW);
    },
  );

  test('takes the new ones when the file changes, and leaves alone what a request began with', async () => {
    writeFileSync(path, OLD);
    const { current, reloads, fingerprints } = watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path });
    const begunWith = current();
    const [ofOld] = fingerprints();
    replace(`${NEW}\n${OLD}`);
    await until(() => reloads().changed === 1);
    expect(current()).toEqual([NEW, OLD]);
    expect(begunWith).toEqual([OLD]);
    expect(fingerprints()).toEqual([expect.stringMatching(/^[0-9a-f]{8}$/), ofOld]);
  });

  test.each([
    ['is gone', () => unlinkSync(path), 'MINDTICKLE_WEBHOOK_SECRET_FILE: the file cannot be read'],
    ['is empty', () => writeFileSync(path, ' \n'), 'MINDTICKLE_WEBHOOK_SECRET_FILE: the file is empty'],
    ['has comments alone', () => replace('# none yet'), 'MINDTICKLE_WEBHOOK_SECRET_FILE: the file is empty'],
    [
      'has a name before its value',
      () => replace(`SECRET=${NEW}`),
      'MINDTICKLE_WEBHOOK_SECRET_FILE: line 1 of the file',
    ],
    ['has zeros at its end', () => replace(`${NEW}\0\0`), 'MINDTICKLE_WEBHOOK_SECRET.0: has a character that'],
    ['is not UTF-8', () => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x41])), 'MINDTICKLE_WEBHOOK_SECRET.0'],
    ['is another one', () => replace(Array(30).fill('MIIBIjANBgkqhkiG9w0B').join('\n')), 'MINDTICKLE_WEBHOOK_SECRET: '],
  ])('keeps the old ones when the file %s, says so, and goes on when it is mended', async (_what, spoil, fault) => {
    writeFileSync(path, OLD);
    const { current, warnings, reloads } = watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path });
    spoil();
    await until(() => reloads().failed > 0);
    expect(current()).toEqual([OLD]);
    expect(warnings()).toEqual([expect.stringContaining(fault)]);
    expect(warnings()[0]).toContain('what was read before stays in use');
    replace(NEW);
    await until(() => reloads().changed > 0);
    expect(current()).toEqual([NEW]);
    expect(warnings()).toEqual([]);
  });

  test('does not begin without a secret', () => {
    writeFileSync(path, '');
    expect(() => watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path })).toThrow('MINDTICKLE_WEBHOOK_SECRET');
    expect(() => watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: join(place, 'nowhere') })).toThrow('cannot be read');
  });

  test('gives a secret the same fingerprint everywhere, and one that can be guessed none to guess by', () => {
    const guessable = 'short';
    const first = watch({ MINDTICKLE_WEBHOOK_SECRET: `${NEW},${guessable}` });
    const second = watch({ MINDTICKLE_WEBHOOK_SECRET: `${guessable},${NEW}` });
    expect(first.fingerprints()[0]).toBe(second.fingerprints()[1]);
    expect(first.fingerprints()[0]).toBe('05d48e21');
    expect(first.fingerprints()[1]).not.toBe(second.fingerprints()[0]);
  });

  test('logs which secrets are in use, never one of them', async () => {
    writeFileSync(path, OLD);
    const { reloads, fingerprints } = watch({ MINDTICKLE_WEBHOOK_SECRET_FILE: path });
    replace(`${NEW}\n${OLD}`);
    await until(() => reloads().changed === 1);
    expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ fingerprints: fingerprints() }),
    );
    expect(lines.join('')).not.toMatch(/whsec|length/i);
  });

  test.each([
    [{}, 1],
    [{ MT_STACK: 'dev' }, 0],
  ])('warns of a secret that can be guessed, but in the development stack (%j)', (env, warnings) => {
    watch({ MINDTICKLE_WEBHOOK_SECRET: `${NEW},short`, ...env });
    const warned = lines.map((line) => JSON.parse(line) as { level: number; positions?: number[] });
    expect(warned.filter(({ level }) => level === 40).map(({ positions }) => positions)).toEqual(
      Array(warnings).fill([1]),
    );
  });
});
