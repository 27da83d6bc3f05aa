import { supervise, type Observer, type Part, type Running } from '../../../src/dev/stack/supervise';

interface Fake {
  readonly running: Running;
  readonly die: (how: string) => void;
  isStopped: boolean;
}

/** A part whose processes are promises, a clock that only moves when told, and what the observer heard. */
function stage() {
  const heard: string[] = [];
  const launched: Fake[] = [];
  const waits: number[] = [];
  let fault: Error | undefined;
  let nowMs = 0;
  const part: Part = {
    name: 'worker',
    launch: (signal) => {
      if (signal.aborted) return Promise.reject(new Error('aborted'));
      if (fault !== undefined) return Promise.reject(fault);
      const fake = fakeProcess(launched.length + 1);
      launched.push(fake);
      return Promise.resolve(fake.running);
    },
  };
  const observer: Observer = {
    died: (name, how) => heard.push(`${name} died: ${how}`),
    restarted: (name, { pids }) => heard.push(`${name} is back as ${String(pids['worker'])}`),
    failed: (name, { message }, againInMs) => heard.push(`${name} failed: ${message}; again in ${againInMs}`),
  };
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    nowMs += ms;
    return Promise.resolve();
  };
  return {
    heard,
    launched,
    waits,
    supervised: supervise(part, observer, { wait, now: () => nowMs }),
    breakWith: (error: Error | undefined) => (fault = error),
    pass: (ms: number) => (nowMs += ms),
  };
}

function fakeProcess(pid: number): Fake {
  let die: (how: string) => void = () => undefined;
  const exited = new Promise<string>((resolve) => (die = resolve));
  const fake: Fake = {
    isStopped: false,
    die: (how) => die(how),
    running: {
      pids: { worker: pid },
      detail: '',
      exited,
      stop: () => {
        fake.isStopped = true;
        die('signal SIGTERM');
        return Promise.resolve();
      },
    },
  };
  return fake;
}

/** Everything that is already decided has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('supervise', () => {
  test('starts a part again that died', async () => {
    const { supervised, launched, heard } = stage();
    await supervised.start();
    launched[0]?.die('signal SIGKILL');
    await settled();
    expect(heard).toEqual(['worker died: signal SIGKILL', 'worker is back as 2']);
    expect(supervised.current()?.pids).toEqual({ worker: 2 });
  });

  test('waits longer while it keeps dying, and briefly again after it was well', async () => {
    const { supervised, launched, waits, pass } = stage();
    await supervised.start();
    for (let each = 0; each < 4; each += 1) {
      launched.at(-1)?.die('exit code 1');
      await settled();
    }
    expect(waits).toEqual([100, 200, 400, 800]);
    pass(60_001);
    launched.at(-1)?.die('exit code 1');
    await settled();
    expect(waits.at(-1)).toBe(100);
  });

  test('tries again when a restart fails, never longer apart than 10 s', async () => {
    const { supervised, launched, waits, heard, breakWith } = stage();
    await supervised.start();
    breakWith(new Error('no port'));
    launched[0]?.die('exit code 1');
    while (waits.length < 9) await Promise.resolve();
    breakWith(undefined);
    await settled();
    expect(heard[1]).toBe('worker failed: no port; again in 200');
    expect(waits.slice(0, 9)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(heard.at(-1)).toBe('worker is back as 2');
  });

  test('does not start again what it was told to stop', async () => {
    const { supervised, launched, heard } = stage();
    await supervised.start();
    await supervised.stop();
    await settled();
    expect(launched).toHaveLength(1);
    expect(launched[0]?.isStopped).toBe(true);
    expect(heard).toEqual([]);
  });

  test('leaves a first start that fails to whoever asked for it', async () => {
    const { supervised, breakWith, heard } = stage();
    breakWith(new Error('no port'));
    await expect(supervised.start()).rejects.toThrow('no port');
    await supervised.stop();
    expect(heard).toEqual([]);
  });
});
