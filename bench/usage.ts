import { readdirSync, readFileSync } from 'node:fs';

/** CPU seconds since their start, and memory in MB, of a process with everything below it. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly megabytes: number;
}

/** Linux: `sysconf(_SC_CLK_TCK)` is 100 on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;
const MEBIBYTE_IN_KIB = 1024;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

/** By the names of `pids`. Where there is no /proc, all of it is 0. */
export function usageOf(pids: Readonly<Record<string, number>>): Readonly<Record<string, Usage>> {
  const all = readAll();
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => {
      const family = familyOf(pid, all);
      const ticks = family.reduce((sum, each) => sum + (all.get(each)?.ticks ?? 0), 0);
      const kib = family.reduce((sum, each) => sum + kibOf(each), 0);
      return [name, { cpuSeconds: ticks / TICKS_PER_SECOND, megabytes: Math.round(kib / MEBIBYTE_IN_KIB) }];
    }),
  );
}

export function cpuOf(pids: Readonly<Record<string, number>>): number {
  return Object.values(usageOf(pids)).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
}

function readAll(): ReadonlyMap<number, Stat> {
  const all = new Map<number, Stat>();
  for (const name of namesIn('/proc').filter((entry) => /^\d+$/.test(entry))) {
    // The name of the program, in brackets, may have spaces.
    const fields = read(`/proc/${name}/stat`).split(') ')[1]?.split(' ');
    if (fields === undefined) continue;
    // utime, stime, and the same of children that have ended.
    const ticks = fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0);
    all.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  return all;
}

function familyOf(pid: number, all: ReadonlyMap<number, Stat>): readonly number[] {
  const children = [...all].filter(([, { parent }]) => parent === pid).map(([child]) => child);
  return [pid, ...children.flatMap((child) => familyOf(child, all))];
}

/** Pages that several processes share, such as those of Postgres, are divided among them. */
function kibOf(pid: number): number {
  const share = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(share ?? /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
