import { createProcessGroup, type Part, type Running } from '../../../src/dev/stack/process-group';

interface Fake {
  readonly running: Running;
  readonly die: (how: string) => void;
  isStopped: boolean;
}

/** A part whose processes are promises, a clock that moves only when it is moved, and what the group said. */
function stage() {
  const said: string[] = [];
  const launched: Fake[] = [];
  const waits: number[] = [];
  let fault: Error | undefined;
  let nowMs = 0;
  const part: Part = {
    name: 'worker',
    logFile: '/nonexistent/worker.log',
    launch: (signal) => {
      if (signal.aborted) return Promise.reject(new Error('aborted'));
      if (fault !== undefined) return Promise.reject(fault);
      const fake = fakeProcess(launched.length + 1);
      launched.push(fake);
      return Promise.resolve(fake.running);
    },
  };
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    nowMs += ms;
    return Promise.resolve();
  };
  const group = createProcessGroup((line) => said.push(line), { wait, now: () => nowMs });
  return {
    said,
    launched,
    waits,
    group,
    start: () => group.start(part),
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
      detail: `as ${pid}`,
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

const FIRST_LINE = 'worker     as 1, ready in 0.0 s';

/** Everything that is already decided has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('createProcessGroup', () => {
  test('starts a part again that died, and says that the processes have changed', async () => {
    const { group, start, launched, said } = stage();
    const changed = jest.fn();
    group.onChange(changed);
    await start();
    launched[0]?.die('signal SIGKILL');
    await settled();
    expect(said).toEqual([
      FIRST_LINE,
      'worker ended (signal SIGKILL); starting it again. Its last words:',
      'worker     as 2, up again',
    ]);
    expect(group.pids()).toEqual({ worker: 2 });
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test('waits longer while it keeps dying, and briefly again after it was well', async () => {
    const { start, launched, waits, pass } = stage();
    await start();
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
    const { start, launched, waits, said, breakWith } = stage();
    await start();
    breakWith(new Error('no port'));
    launched[0]?.die('exit code 1');
    while (waits.length < 9) await Promise.resolve();
    breakWith(undefined);
    await settled();
    expect(said[2]).toBe('worker could not be started: no port; again in 0.2 s');
    expect(waits.slice(0, 9)).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(said.at(-1)).toBe('worker     as 2, up again');
  });

  test('starts nothing again once it is stopped', async () => {
    const { group, start, launched, said } = stage();
    await start();
    await group.stop();
    await settled();
    expect(launched).toHaveLength(1);
    expect(launched[0]?.isStopped).toBe(true);
    expect(said).toEqual([FIRST_LINE]);
    await expect(start()).rejects.toThrow('stopped while it was starting');
  });

  test('leaves a first start that fails to whoever asked for it', async () => {
    const { group, start, breakWith, said } = stage();
    breakWith(new Error('no port'));
    await expect(start()).rejects.toThrow('worker: no port');
    await group.stop();
    expect(said).toEqual([]);
  });
});
