import { execFileSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFile, type WatchedFileOptions } from '../../src/settings/watched-file';

let place: string;
let path: string;
const ends: (() => void)[] = [];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'mindtickle-watched-'));
  path = join(place, 'secret');
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  rmSync(place, { recursive: true, force: true });
});

const NEVER_MS = 2 ** 31 - 1;

interface Watching {
  /** What was told, in its order. */
  readonly told: (string | undefined)[];
  /** Resolves once the last that was told is this. */
  readonly becomes: (text: string | undefined) => Promise<void>;
}

/** Watched by the events of its directory alone, unless `options` has it polled. */
function start(options: Partial<WatchedFileOptions> = {}): Watching {
  const told: (string | undefined)[] = [];
  const changes = new EventEmitter();
  const end = watchFile({
    path,
    known: 'old',
    settleMs: 1,
    pollMs: NEVER_MS,
    ...options,
    onChange: (text) => {
      told.push(text);
      changes.emit('change');
    },
  });
  ends.push(end);
  const becomes = async (text: string | undefined): Promise<void> => {
    while (told.length === 0 || told.at(-1) !== text) await once(changes, 'change');
  };
  return { told, becomes };
}

describe('watchFile', () => {
  test('sees a file that is written in place', async () => {
    writeFileSync(path, 'old');
    const { told, becomes } = start();
    writeFileSync(path, 'new\n');
    await becomes('new');
    expect(told.at(-1)).toBe('new');
  });

  test('sees a file that another one is renamed over, again and again', async () => {
    writeFileSync(path, 'old');
    const { told, becomes } = start();
    for (const text of ['first', 'second', 'third']) {
      writeFileSync(`${path}.tmp`, text);
      renameSync(`${path}.tmp`, path);
      await becomes(text);
    }
    expect(told).toEqual(['first', 'second', 'third']);
  });

  test('sees a file that is deleted, and made anew', async () => {
    writeFileSync(path, 'old');
    const { told, becomes } = start();
    unlinkSync(path);
    await becomes(undefined);
    writeFileSync(path, 'new');
    await becomes('new');
    expect(told.at(-1)).toBe('new');
  });

  test('sees a link that is turned, as Kubernetes turns `..data`', async () => {
    const publish = (name: string, text: string): void => {
      mkdirSync(join(place, name));
      writeFileSync(join(place, name, 'secret'), text);
      symlinkSync(name, join(place, '..data_tmp'));
      renameSync(join(place, '..data_tmp'), join(place, '..data'));
    };
    publish('..2026_11_23', 'old');
    symlinkSync(join('..data', 'secret'), path);
    const { told, becomes } = start();
    publish('..2026_11_24', 'new');
    rmSync(join(place, '..2026_11_23'), { recursive: true });
    await becomes('new');
    publish('..2026_11_25', 'newer');
    await becomes('newer');
    expect(told).toEqual(['new', 'newer']);
  });

  test('does not take a half for the whole, while it is written', async () => {
    writeFileSync(path, 'old');
    const waits = new EventEmitter();
    let goOn = (): void => undefined;
    const { told, becomes } = start({
      wait: () =>
        new Promise<void>((resolve) => {
          goOn = resolve;
          waits.emit('wait');
        }),
    });
    const nextWait = once(waits, 'wait');
    const file = openSync(path, 'w');
    writeSync(file, 'ne');
    // It has read something of this, and waits to see whether it stays so.
    await nextWait;
    writeSync(file, 'w, ');
    const lastHalf = once(waits, 'wait');
    goOn();
    await lastHalf;
    writeSync(file, 'older');
    closeSync(file);
    waits.on('wait', () => goOn());
    goOn();
    await becomes('new, older');
    expect(told).toEqual(['new, older']);
  });

  test('tells nothing of a file that is written again as it was', async () => {
    writeFileSync(path, 'old');
    const { told, becomes } = start();
    writeFileSync(`${path}.tmp`, 'old\n');
    renameSync(`${path}.tmp`, path);
    writeFileSync(path, 'new');
    await becomes('new');
    expect(told).toEqual(['new']);
  });

  test('goes on when its directory vanishes and comes back', async () => {
    writeFileSync(path, 'old');
    const { told, becomes } = start({ pollMs: 5 });
    rmSync(place, { recursive: true });
    await becomes(undefined);
    mkdirSync(place);
    writeFileSync(path, 'new');
    await becomes('new');
    expect(told).toEqual([undefined, 'new']);
  });

  test('watches its directory anew at each poll: another one may have come in its place', async () => {
    writeFileSync(path, 'old');
    const watches = new EventEmitter();
    let open = 0;
    const again = once(watches, 'again');
    start({
      pollMs: 5,
      watchDirectory: () => {
        open += 1;
        if (open > 1) setImmediate(() => watches.emit('again'));
        return Object.assign(new EventEmitter(), { close: () => (open -= 1) }) as never;
      },
    });
    await again;
    expect(open).toBe(1);
  });

  test('sees by reading again what nothing tells of', async () => {
    writeFileSync(path, 'old');
    const { told, becomes } = start({
      pollMs: 5,
      watchDirectory: () => {
        throw new Error('ENOSPC: no watch is left');
      },
    });
    writeFileSync(path, 'new');
    await becomes('new');
    expect(told).toEqual(['new']);
  });

  test('survives a watch that fails', async () => {
    writeFileSync(path, 'old');
    const watchers: EventEmitter[] = [];
    const { becomes, told } = start({
      pollMs: 5,
      watchDirectory: () => {
        const watcher = Object.assign(new EventEmitter(), { close: () => undefined });
        watchers.push(watcher);
        return watcher as never;
      },
    });
    watchers[0]?.emit('error', new Error('EPERM'));
    writeFileSync(path, 'new');
    await becomes('new');
    expect(told).toEqual(['new']);
  });

  test.each([
    ['a directory', () => mkdirSync(path)],
    ['a pipe, without waiting for a writer', () => void execFileSync('mkfifo', [path])],
    ['a file that is far too large', () => writeFileSync(path, 'x'.repeat(70_000))],
  ])('does not read %s', async (_what, make) => {
    writeFileSync(path, 'old');
    const { told, becomes } = start();
    unlinkSync(path);
    make();
    await becomes(undefined);
    expect(told).toEqual([undefined]);
  });

  test('tells nothing once it has ended', async () => {
    writeFileSync(path, 'old');
    const ended = start();
    ends.pop()?.();
    const other = start();
    appendFileSync(path, 'er');
    await other.becomes('older');
    expect(ended.told).toEqual([]);
  });
});
