import { logFileOf, type DataDir } from '../data-dir';
import { lastLines } from './logs';
import { supervise, type Observer, type Part, type Running, type Supervised } from './supervise';

/** All parts of one stack. */
export interface ProcessGroup {
  /** Start a part, say so, and keep it running from then on. @throws what its launch throws. */
  readonly start: <R extends Running>(part: Part<R>) => Promise<R>;
  /** Of everything that is up. */
  readonly pids: () => Readonly<Record<string, number>>;
  /** Called whenever `pids` has changed after a part was started again. */
  readonly onChange: (changed: () => void) => void;
  /** End all of them: those that take work first, what they stand on last. */
  readonly stop: () => Promise<void>;
}

export interface ProcessGroupOptions {
  readonly dir: DataDir;
  readonly progress: (line: string) => void;
  readonly now?: () => number;
}

const STOP_ORDER = ['receiver', 'worker', 'standIns', 'temporal', 'ledger'];
const LOG_NAMES: Readonly<Record<string, string>> = { standIns: 'stand-ins' };

export function createProcessGroup({ dir, progress, now = Date.now }: ProcessGroupOptions): ProcessGroup {
  const members: Supervised[] = [];
  let isStopping = false;
  let changed = (): void => undefined;

  const observer: Observer = {
    died: (name, how) => {
      progress(`${name} ended (${how}); starting it again. Its last words:`);
      for (const line of lastLines(logFileOf(dir, logNameOf(name)))) progress(`  ${line}`);
    },
    restarted: (name, { detail }) => {
      progress(`${titleOf(name)} ${detail}, up again`);
      changed();
    },
    failed: (name, error, againInMs) =>
      progress(`${name} could not be started: ${error.message}; again in ${againInMs / 1000} s`),
  };

  const start = async <R extends Running>(part: Part<R>): Promise<R> => {
    if (isStopping) throw new Error('stopped while it was starting');
    const since = now();
    const member = supervise(part, observer);
    members.push(member);
    const running = await member.start().catch((error: unknown) => {
      throw new Error(`${logNameOf(part.name)}: ${(error as Error).message}`, { cause: error });
    });
    progress(`${titleOf(part.name)} ${running.detail}, ready in ${((now() - since) / 1000).toFixed(1)} s`);
    return running;
  };

  const stop = async (): Promise<void> => {
    isStopping = true;
    for (const name of STOP_ORDER) await members.find((member) => member.name === name)?.stop();
  };
  const pids = (): Readonly<Record<string, number>> =>
    Object.assign({}, ...members.map((member) => member.current()?.pids ?? {})) as Record<string, number>;
  return { start, pids, onChange: (listener) => (changed = listener), stop };
}

function logNameOf(name: string): string {
  return LOG_NAMES[name] ?? name;
}

function titleOf(name: string): string {
  return logNameOf(name).padEnd(10);
}
